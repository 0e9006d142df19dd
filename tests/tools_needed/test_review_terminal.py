# SPDX-License-Identifier: GPL-2.0-only
"""`review` through a real terminal: colours, the pager, an editor, Ctrl-C and going on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from tools import CORPUS, TWO_MEMBERS, compiles

from netmem_migrate.errors import ExitCode

DEMO = TWO_MEMBERS.encode()
ANSI = re.compile(r"\x1b\[[0-9;]*m")
ASK = r"\((\d)/(\d)\) (?:hunk [^;]*; )?Move [^\r\n]*\[([^\]]*)\]\?"
Start = Callable[..., pexpect.spawn]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `review` on a terminal of 100 columns."""
    opened: list[pexpect.spawn] = []

    def run(folder: Path, *options: str, lines: int = 200, **environment: str) -> pexpect.spawn:
        env = {key: value for key, value in os.environ.items()
               if not key.startswith("GIT_")
               and key not in ("NO_COLOR", "PAGER", "LESS", "LINES", "COLUMNS")}
        env |= {"TERM": "xterm-256color", "XDG_CACHE_HOME": str(tmp_path / "cache"),
                "GIT_CONFIG_GLOBAL": os.devnull, **environment}
        child = pexpect.spawn(
            sys.executable, ["-m", "netmem_migrate", "review", str(folder), *options],
            env=env, dimensions=(lines, 100), encoding="utf-8", timeout=20)
        opened.append(child)
        return child

    yield run
    for child in opened:
        child.close(force=True)


def question(child: pexpect.spawn) -> str:
    """Wait for the next question; its number."""
    child.expect(ASK)
    return f"{child.match[1]}/{child.match[2]}"


def ended(child: pexpect.spawn) -> tuple[int, str]:
    """The exit code, and what was said last."""
    child.expect(pexpect.EOF)
    text = ANSI.sub("", child.before)
    child.close()
    return child.exitstatus, text


def kept(tmp_path: Path, *names: str) -> bytes:
    folder = tmp_path / f"kept{len(names)}"
    folder.mkdir()
    (folder / "demo.c").write_bytes(DEMO)
    subprocess.run([sys.executable, "-m", "netmem_migrate", "apply", "-q", str(folder),
                    *(f"--keep={name}" for name in names)], check=True, capture_output=True)
    return (folder / "demo.c").read_bytes()


def test_keys_that_look_around(start: Start, demo: Path) -> None:
    child = start(demo)
    assert question(child) == "1/2"
    child.sendline("?")
    child.expect("y - move this slot")
    child.expect("d - leave this slot and all later slots")
    assert question(child) == "1/2"
    child.sendline("J")
    assert question(child) == "2/2"
    child.sendline("K")
    assert question(child) == "1/2"
    child.sendline("j")
    assert question(child) == "2/2"
    child.sendline("k")
    assert question(child) == "1/2"
    child.sendline("k")
    child.expect("No previous slot")
    assert question(child) == "1/2"
    child.sendline("g")
    child.expect(r" 2: ring.spare: \d hunks in 1 file")
    child.expect(r"go to which slot\?")
    child.sendline("2")
    assert question(child) == "2/2"
    child.sendline("/buf->netmem")
    assert question(child) == "1/2"
    child.sendline("s")
    child.expect("one answer for all")
    child.expect(r"hunk 1/3, <ret> for the next; ")
    child.sendline("")
    child.expect(r"hunk 2/3, <ret> for the next; ")
    assert "page_pool_alloc_pages takes a page" in child.before
    child.sendline("p")
    child.expect("diff --git")
    assert question(child) == "1/2"
    child.sendline("q")
    assert ended(child)[0] == ExitCode.DONE
    assert (demo / "demo.c").read_bytes() == DEMO


def test_keys_that_answer(start: Start, demo: Path, tmp_path: Path) -> None:
    child = start(demo)
    assert question(child) == "1/2"
    child.sendline("yn")
    child.expect("Only one letter is expected, got 'yn'")
    assert question(child) == "1/2"
    child.sendline("n")
    assert question(child) == "2/2"
    child.sendline("K")
    child.expect(r"Move this slot \(answered n\)")
    child.sendline("y")
    assert question(child) == "2/2"
    child.sendline("n")
    child.expect(r"1 slot accepted. Apply in place, write patches or quit \[a,p,q\]\?")
    child.sendline("a")
    code, text = ended(child)
    assert code == ExitCode.DONE, text
    assert str(demo / "demo.c") in text
    after = (demo / "demo.c").read_bytes()
    assert after == kept(tmp_path, "ring.spare")
    compiles(tmp_path / "gcc", {"demo.c": after})


@pytest.mark.parametrize(("keys", "keep"), [
    ("a", ()), ("d", ("rx_buf.page", "ring.spare")), ("q", ("rx_buf.page", "ring.spare")),
])
def test_keys_that_end(keys: str, keep: tuple[str, ...], start: Start, demo: Path,
                       tmp_path: Path) -> None:
    child = start(demo, "--apply")
    question(child)
    child.sendline(keys)
    code, text = ended(child)
    assert code == ExitCode.DONE, text
    assert (demo / "demo.c").read_bytes() == kept(tmp_path, *keep)


def test_ctrl_c_loses_nothing(start: Start, demo: Path, tmp_path: Path) -> None:
    child = start(demo)
    assert question(child) == "1/2"
    child.sendline("y")
    assert question(child) == "2/2"
    child.sendintr()
    code, text = ended(child)
    assert code == 130
    assert "your answers are kept" in text
    assert "Traceback" not in text
    assert (demo / "demo.c").read_bytes() == DEMO
    child = start(demo, "--apply")
    child.expect("1 answer of 2 from an earlier run")
    assert question(child) == "2/2"
    child.sendline("n")
    assert ended(child)[0] == ExitCode.DONE
    assert (demo / "demo.c").read_bytes() == kept(tmp_path, "ring.spare")


def test_half_an_answer_is_none(start: Start, demo: Path) -> None:
    child = start(demo, "--apply")
    question(child)
    child.send("y")
    child.sendintr()
    assert ended(child)[0] == 130
    child = start(demo, "--apply")
    assert question(child) == "1/2"
    child.sendeof()
    child.expect("no slot accepted")
    assert (demo / "demo.c").read_bytes() == DEMO


def test_sources_that_change_drop_the_answers(start: Start, demo: Path) -> None:
    child = start(demo)
    question(child)
    child.sendline("y")
    question(child)
    child.sendintr()
    ended(child)
    (demo / "demo.c").write_bytes(DEMO + b"\n")
    child = start(demo)
    child.expect("1 answer of an earlier review dropped: "
                 "the sources, or this tool, have changed since")
    assert question(child) == "1/2"


def test_a_split_through_the_terminal(start: Start, demo: Path, tmp_path: Path) -> None:
    (demo / "demo.c").write_bytes((CORPUS / "11-alloc-into-slot" / "before.c").read_bytes())
    child = start(demo, "--apply")
    assert question(child) == "1/1"
    child.sendline("s")
    child.expect("Split into 2 slots")
    child.expect(r"bridged: page_to_netmem\(\)")
    assert question(child) == "1/2"
    child.sendline("y")
    assert question(child) == "2/2"
    child.sendline("n")
    assert ended(child)[0] == ExitCode.DONE
    after = (demo / "demo.c").read_bytes()
    assert b"page_to_netmem(ring->spare[i])" in after
    compiles(tmp_path / "gcc", {"demo.c": after})


def test_an_editor_on_the_terminal(start: Start, demo: Path, tmp_path: Path) -> None:
    script = tmp_path / "editor"
    script.write_text("#!/bin/sh\ncase $1 in *addp-hunk-edit.diff) ;; *) exit 1 ;; esac\n"
                      "read answer\nsed -i -e \"s,^+\\(.*i\\].netmem = \\)0;,+\\1$answer;,\" $1\n")
    script.chmod(0o755)
    child = start(demo, "--apply", VISUAL=str(script))
    question(child)
    child.sendline("e")
    child.sendline("1")
    child.expect(r"edited hunks were rejected: demo.c:\d+: the code differs")
    child.expect(r'saying "no" discards!\) \[y/n\]\?')
    child.sendline("y")
    child.sendline("0 /* given */")
    assert question(child) == "2/2"
    child.sendline("y")
    assert ended(child)[0] == ExitCode.DONE
    after = (demo / "demo.c").read_bytes()
    assert after == kept(tmp_path).replace(b"i].netmem = 0;", b"i].netmem = 0 /* given */;")


def test_colour_and_marked_words(start: Start, demo: Path) -> None:
    child = start(demo)
    question(child)
    assert "\x1b[36m@@ -1,7 +1,7 @@\x1b[m" in child.before
    assert re.search(r"\x1b\[32m\+\t\x1b\[7mnetmem_ref netmem\x1b\[27m;", child.before)
    child.sendline("q")
    plain = start(demo, NO_COLOR="1")
    question(plain)
    assert "\x1b" not in plain.before
    dumb = start(demo, TERM="dumb")
    question(dumb)
    assert "\x1b" not in dumb.before


def test_long_hunks_go_through_the_pager(start: Start, demo: Path, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text('#!/bin/sh\necho "LESS is $LESS"\ncat > /dev/null\necho paged\n')
    pager.chmod(0o755)
    child = start(demo, lines=12, GIT_PAGER=str(pager))
    child.expect("LESS is FRX")
    child.expect("paged")
    assert "diff --git" not in child.before
    question(child)
    child = start(demo, lines=200, GIT_PAGER=str(pager))
    question(child)
    assert "paged" not in child.before
    child = start(demo, lines=12, GIT_PAGER="cat")
    question(child)
    assert "diff --git" in child.before


def test_ctrl_c_in_the_pager_is_the_pagers(start: Start, demo: Path) -> None:
    child = start(demo, lines=12, PAGER="less")
    child.expect("proof: |:")
    child.sendintr()
    child.send("q")
    assert question(child) == "1/2"
    child.sendline("q")
    child.expect("no slot accepted")
