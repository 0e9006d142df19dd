# SPDX-License-Identifier: GPL-2.0-only
"""Hostile inputs: sources, patches, mails, headers and state files with anything in them.

Each is made of a good one of our own by some of the harms below; nothing here has to be C, a patch
or text.
"""

from __future__ import annotations

import random
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from kernel_tools import MM, NETMEM, TYPES, make_kernel
from tools import CORPUS, TWO_MEMBERS, run

Harm = Callable[[bytes, random.Random], bytes]
NASTY = (
    b"\0", b"\r", b"\r\n", b"\n", b"\f", b"\v", b"\x1b[31m", b"\x1b]0;x\x07", b"\x7f", b"\x08",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
    b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\xf0\x9f\x92\xa9", b"\xa0", b"\\\n", b"\\\r\n",
    b"\\ \n", b"??/\n", b"??=", b"<%", b"%:", b"/*", b"*/", b"//", b'"', b"'", b"R\"(", b"L'",
    b"#", b"##", b"#if 1\n", b"#if\n", b"#else\n", b"#elif 1 / 0\n", b"#endif\n", b"#define x x\n",
    b"#include \"demo.c\"\n", b"#include __FILE__\n", b"#ifdef\n", b"#if (((((1)))))\n",
    b"#if 0x7fffffffffffffffffffffff << 99999\n", b"#if defined defined\n", b"#line 0\n",
    b"#define M(x, ...) x ## __VA_ARGS__\n", b"{", b"}", b"(", b")", b"[", b"]", b";", b",",
    b"struct page *", b"netmem_ref ", b"page", b"->", b".", b"...", b"::", b"?:", b"goto page;",
    b"page:", b"case 1 ... 2:", b"default:", b"__attribute__((", b"typeof(", b"_Generic(",
    b"asm volatile(", b"({", b"})", b"(struct page){", b"sizeof", b"&&page", b"0x", b"1e999",
    b"'\\",
    b"page_pool_put_full_page(", b"page_pool_dev_alloc_pages(", b"\n@@ -1,1 +1,1 @@\n",
    b"\n@@ -0,0 +1,99999999999999999999 @@\n", b"\n@@ -1 +1 @@@\n", b"\n@@\n",
    b"\n--- a/x\n+++ b/x\n",
    b"\ndiff --git a/x b/y\n", b"\n--- \n", b"\n-- \n", b"\n---\n", b"\nFrom: =?utf-8?b?//8=?=\n",
    b"\nSubject: =?x?q?=00?=\n", b"\nContent-Type: multipart/mixed; boundary=x\n",
    b"\nContent-Transfer-Encoding: base64\n", b"\nFrom nobody Mon Sep 17 00:00:00 2001\n",
    b"\nGIT binary patch\nliteral 1\nIc${-x\n", b"\nrename from a\nrename to b\n",
    b"\nold mode 100644\nnew mode 120000\n", b"\n\\ No newline at end of file\n",
    b"\nindex 0000000..1111111 160000\n", b"../../../../etc/passwd", b"/dev/stdin",
    b"%s%n", b"{0}", b"$(x)", b"`x`", b"[/red]", b"[bold]", b"<script>", b"&lt;", b"VERSION = 9\n",
    b"obj-$(CONFIG_X) += demo.o\n", b"demo-y := $(call x,", b"$(error x)\n", b"include Makefile\n",
)


def _at(text: bytes, rng: random.Random) -> int:
    return rng.randrange(len(text) + 1)


def _flip(text: bytes, rng: random.Random) -> bytes:
    made = bytearray(text or b"x")
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def _random_bytes(text: bytes, rng: random.Random) -> bytes:
    at = _at(text, rng)
    return text[:at] + rng.randbytes(rng.choice((1, 4, 64, 2000))) + text[at:]


def _cut(text: bytes, rng: random.Random) -> bytes:
    return text[:_at(text, rng)]


def _cut_front(text: bytes, rng: random.Random) -> bytes:
    return text[_at(text, rng):]


def _hole(text: bytes, rng: random.Random) -> bytes:
    one, two = sorted((_at(text, rng), _at(text, rng)))
    return text[:one] + text[two:] if rng.random() < 0.3 else text[:one] + text[one + 20:]


def _splice(text: bytes, rng: random.Random) -> bytes:
    other = rng.choice(sources())
    one, two = sorted((_at(other, rng), _at(other, rng)))
    at = _at(text, rng)
    return text[:at] + other[one:two] + text[at:]


def _nasty(text: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 4, 12))):
        at = _at(text, rng)
        text = text[:at] + rng.choice(NASTY) + text[at:]
    return text


def _nasty_in_word(text: bytes, rng: random.Random) -> bytes:
    words = [one.start() for one in re.finditer(rb"\w\w", text)]
    at = rng.choice(words) + 1 if words else 0
    return text[:at] + rng.choice(NASTY) + text[at:]


def _nested(text: bytes, rng: random.Random) -> bytes:
    pairs = ((b"(", b")"), (b"{", b"}"), (b"[", b"]"), (b"if (x) ", b""), (b"*", b""), (b"!", b""),
             (b"({", b";})"), (b"x ? ", b": x"), (b"#if 1\n", b"\n#endif\n"), (b"else ", b""),
             (b"do ", b" while (0);"), (b"struct { ", b"};"), (b"(struct page *)", b""),
             (b"a,", b""), (b"for (;;) ", b""), (b"switch (x) { case 1: ", b"}"), (b"f(", b")"),
             (b"-", b""),
             (b"a->", b""), (b"x = ", b""), (b"\\\n", b""), (b"/*", b"*/"), (b"1 + ", b""),
             (b"> ", b""), (b" ", b""), (b"\t", b""), (b"#define A\n", b"#undef A\n"))
    opens, closes = rng.choice(pairs)
    count = rng.choice((5, 50, 300, 1500, 4000))
    at = _at(text, rng)
    until = at if rng.random() < 0.6 else min(len(text), at + rng.randrange(200))
    ends = closes * count if rng.random() < 0.8 else b""
    return text[:at] + opens * count + text[at:until] + ends + text[until:]


def _huge_line(text: bytes, rng: random.Random) -> bytes:
    at = _at(text, rng)
    part = rng.choice((b"a", b" ", b"page ", b"\\", b"*", b"a+", b'"a" ', b"0", b"\xff", b"a.",
                       b"@"))
    return text[:at] + part * rng.choice((500, 5000, 50000)) + text[at:]


def _line_ends(text: bytes, rng: random.Random) -> bytes:
    end = rng.choice((b"\r\n", b"\r", b"\n\r", b"\n\n", b"", b" \n", b"\\\n", b"\0\n", b"\x0b"))
    if rng.random() < 0.5:
        return text.replace(b"\n", end)
    return b"".join(line + (end if rng.random() < 0.1 else b"\n") for line in text.split(b"\n"))


def _encoded(text: bytes, rng: random.Random) -> bytes:
    said = text.decode("latin-1")
    return said.encode(rng.choice(("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "utf-7", "cp037")))


def _utf8(text: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 5, 50))):
        code = rng.choice((rng.randrange(0x80, 0xD800), rng.randrange(0xE000, 0x110000),
                           rng.randrange(0x20), rng.randrange(0x2000, 0x2070)))
        at = _at(text, rng)
        text = text[:at] + chr(code).encode() + text[at:]
    return text


def _lines(text: bytes, rng: random.Random) -> bytes:
    lines = text.split(b"\n")
    for _ in range(rng.choice((1, 1, 2, 6))):
        one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
        what = rng.randrange(4)
        if what == 0:
            lines[one], lines[two] = lines[two], lines[one]
        elif what == 1:
            lines.insert(one, lines[two])
        elif what == 2:
            lines[one] = lines[one][:rng.randrange(len(lines[one]) + 1)]
        elif len(lines) > 1:
            del lines[one]
    return b"\n".join(lines)


def _words(text: bytes, rng: random.Random) -> bytes:
    words = list(re.finditer(rb"\w+", text))
    for _ in range(rng.choice((1, 1, 2, 6))):
        if words:
            gone, put = rng.choice(words), rng.choice(words)
            new = put[0] if rng.random() < 0.7 else rng.choice((b"", *NASTY))
            text = text[:gone.start()] + new + text[gone.end():]
            words = list(re.finditer(rb"\w+", text))
    return text


def _numbers(text: bytes, rng: random.Random) -> bytes:
    found = list(re.finditer(rb"\d+", text))
    if not found:
        return _nasty(text, rng)
    for one in sorted(rng.sample(found, min(len(found), rng.choice((1, 2, 5)))),
                      key=lambda match: -match.start()):
        new = rng.choice((b"0", b"-1", b"1", b"2", b"99999", b"4294967296", b"9" * 30, b"9" * 5000,
                          b"", b"x", b"1,1", b"0x10", b"\xd9\xa1"))
        text = text[:one.start()] + new + text[one.end():]
    return text


def _repeat(text: bytes, rng: random.Random) -> bytes:
    one, two = sorted((_at(text, rng), _at(text, rng)))
    return text[:two] + text[one:two] * rng.choice((1, 3, 20)) + text[two:]


HARMS: dict[str, Harm] = {
    "bits flipped": _flip, "random bytes": _random_bytes, "truncated": _cut,
    "head gone": _cut_front,
    "a hole": _hole, "spliced": _splice, "nasty bytes": _nasty, "nasty in a word": _nasty_in_word,
    "nested": _nested, "huge line": _huge_line, "line ends": _line_ends, "encodings": _encoded,
    "random UTF-8": _utf8, "lines moved": _lines, "words moved": _words, "wrong numbers": _numbers,
    "repeated": _repeat,
}


@cache
def sources() -> list[bytes]:
    """Good sources: the corpus, and what it becomes."""
    found = [path.read_bytes() for path in sorted(CORPUS.glob("[0-9]*/*.[ch]"))]
    return [*found, TWO_MEMBERS.encode()]


@cache
def patches() -> list[bytes]:
    """Good patches: what `diff` prints of the corpus."""
    found = []
    for folder in sorted(CORPUS.glob("[0-9]*")):
        done = run("diff", "--api", "7.3", folder / "before.c")
        if done.exit_code in (0, 3) and done.stdout_bytes:
            found.append(done.stdout_bytes)
    return found


@cache
def mails() -> list[bytes]:
    """Good mails and mboxes around those patches."""
    heads = (
        b"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
        b"From: Jane Developer <jane@example.org>\nDate: Mon, 1 Jan 2029 00:00:00 +0000\n"
        b"Subject: [PATCH net-next 1/2] net: demo: convert to netmem\nMIME-Version: 1.0\n"
        b"Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n"
        b"Convert.\n\nSigned-off-by: Jane Developer <jane@example.org>\n---\n"
        b" demo.c | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n",
        b"From: =?UTF-8?q?J=C3=A4ne?= <jane@example.org>\nTo: netdev@vger.kernel.org\n"
        b"Subject: [PATCH\n net-next v2] net: demo:\n\tconvert\nMessage-ID: <1@example.org>\n\n"
        b"From: Ann <ann@example.org>\n\nText.\n---\n",
    )
    found = []
    for number, patch in enumerate(patches()):
        mail = heads[number % 2] + patch + b"-- \n2.39.5\n\n"
        found.append(mail)
        if number % 3 == 0 and len(found) > 1:
            found.append(found[-2] + mail)
    return found


HEADERS = {"types.h": TYPES, "netmem.h": NETMEM, "mm.h": MM}
_WHERE = {"types.h": "include/net/page_pool/types.h", "netmem.h": "include/net/netmem.h",
          "mm.h": "include/linux/mm.h", "helpers.h": "include/net/page_pool/helpers.h",
          "Makefile": "Makefile", "driver's Makefile": "drivers/net/demo/Makefile",
          ".demo.o.cmd": "drivers/net/demo/.demo.o.cmd", "demo.c": "drivers/net/demo/demo.c"}


@dataclass(frozen=True)
class Input:
    """One hostile input: what kind, the file it is, the command that reads it, and its bytes."""

    kind: str
    harm: str
    file: str
    words: tuple[str, ...]
    text: bytes
    stdin: bytes = b""

    def place(self, folder: Path) -> None:
        """Make a folder in which the command reads it."""
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        if self.kind in ("target", "makefile"):
            for name, text in _kernel().items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(text)
        file = folder / self.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.text)


@lru_cache
def _kernel() -> Mapping[str, bytes]:
    with tempfile.TemporaryDirectory() as name:
        root = make_kernel(Path(name) / "linux")
        for one, text in HEADERS.items():
            path = root / _WHERE[one]
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_text(text)
        return {str(path.relative_to(root.parent)): path.read_bytes()
                for path in sorted(root.rglob("*")) if path.is_file()}


SOURCE_COMMANDS = (
    ("diff", "--api", "7.3", "demo.c"), ("diff", "--api", "7.3", "."), ("check", "demo.c"),
    ("scan", "--api", "7.3", "demo.c"), ("scan", "--json", "--api", "7.3", "demo.c"),
    ("diff", "--api", "7.3", "--report", "-", "demo.c"), ("scan", "--html", "-", "demo.c"),
    ("diff", "--api", "6.12", "demo.c"), ("check", "--sarif", "-", "demo.c"),
    ("explain", "demo.c:20"), ("diff", "-D", "X", "--api", "7.3", "demo.c"),
)
_CHECKS = (("check", "x.patch"), ("check", "--json", "x.patch"), ("check", "."),
           ("check", "--b4", "x.patch"))


def _source(rng: random.Random) -> tuple[str, tuple[str, ...], bytes]:
    file = "demo.h" if rng.random() < 0.03 else "demo.c"
    words = SOURCE_COMMANDS[0] if rng.random() < 0.5 else rng.choice(SOURCE_COMMANDS)
    return file, tuple(file if one == "demo.c" else one for one in words), rng.choice(sources())


def _patch(rng: random.Random) -> tuple[str, tuple[str, ...], bytes]:
    return "x.patch", rng.choice(_CHECKS), rng.choice(patches())


def _mail(rng: random.Random) -> tuple[str, tuple[str, ...], bytes]:
    return "x.patch", rng.choice(_CHECKS), rng.choice(mails())


def _target(rng: random.Random) -> tuple[str, tuple[str, ...], bytes]:
    name = rng.choice(("types.h", "netmem.h", "mm.h", "helpers.h", "demo.c"))
    words = rng.choice((
        ("api", "sync", "--check", "--kernel", "linux"), ("api", "diff", "7.3", "linux"),
        ("api", "list", "--kernel", "linux"), ("scan", "linux"),
        ("diff", "--kernel", "linux", "linux/drivers/net/demo"),
        ("check", "linux/drivers/net/demo")))
    file = f"linux/{_WHERE[name]}"
    return file, words, _kernel()[file]


def _makefile(rng: random.Random) -> tuple[str, tuple[str, ...], bytes]:
    name = rng.choice(("Makefile", "driver's Makefile", ".demo.o.cmd"))
    words = rng.choice((
        ("diff", "linux/drivers/net/demo"), ("scan", "linux"), ("api", "list", "--kernel", "linux"),
        ("check", "linux/drivers/net/demo/demo.c")))
    file = f"linux/{_WHERE[name]}"
    return file, words, _kernel()[file]


KINDS: dict[str, tuple[int, Callable[[random.Random], tuple[str, tuple[str, ...], bytes]]]] = {
    "text": (50, _source), "patch": (15, _patch), "mail": (17, _mail), "target": (14, _target),
    "makefile": (4, _makefile),
}


def make(seed: str) -> Input:
    """The hostile input of a seed, always the same."""
    rng = random.Random(seed)
    kind = rng.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
    file, words, text = KINDS[kind][1](rng)
    harms = rng.sample(list(HARMS), rng.choice((1, 1, 1, 2, 3)))
    for name in harms:
        text = HARMS[name](text, rng)
    return Input(kind, harms[0], file, words, text[:4_000_000])


def load() -> None:
    """Make the good inputs, once, for all children."""
    sources(), patches(), mails(), _kernel()
