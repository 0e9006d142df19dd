# SPDX-License-Identifier: GPL-2.0-only
"""Sources mean to the tool what they mean to gcc, or are refused with the place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from command_tools import run
from tools import PRELUDE, compiles

HEAD = PRELUDE.encode()
PUT = b"\tpage_pool_put_full_page(ring->pool, buf->page, false);\n"
DONE = b"\tpage_pool_put_full_netmem(ring->pool, buf->netmem, false);\n"


def source(body: bytes, head: bytes = HEAD) -> bytes:
    return head + b"\nvoid use(struct ring *ring, struct rx_buf *buf)\n{\n" + body + b"}\n"


BODY = source(b"").count(b"\n")  # the line in which a body begins
JOINED = "a word or sign on two lines"
OPEN = "a quote that is not closed"
MACRO = b"(r, b) page_pool_put_full_page((r)->pool, (b)->page, false)\n"


# What gcc takes, and reads otherwise than it looks: line, what is said, text.
REFUSED = {
    "a function": (BODY, JOINED, source(PUT.replace(b"put_full", b"put_\\\nfull"))),
    "a member": (BODY, JOINED, source(PUT.replace(b"buf->page", b"buf->pa\\\nge"))),
    "an arrow": (BODY, JOINED, source(PUT.replace(b"buf->page", b"buf-\\\n>page"))),
    "with CRLF": (BODY, JOINED, source(PUT.replace(b"put_full", b"put_\\\r\nfull"))),
    "twice": (BODY, JOINED, source(PUT.replace(b"put_full", b"put_\\\n\\\nfull"))),
    "NULL": (BODY + 1, JOINED, source(PUT + b"\tbuf->page = NU\\\nLL;\n")),
    "a keyword": (4, JOINED, source(
        PUT, HEAD.replace(b"struct page *page", b"str\\\nuct page *page"))),
    "in a macro": (BODY - 3, JOINED, source(
        b"\tPUT(ring, buf);\n", HEAD + b"#define PUT" + MACRO.replace(b"put_", b"put_\\\n"))),
    "a directive": (BODY - 3, JOINED, source(
        b"\tPUT(ring, buf);\n", HEAD + b"#def\\\nine PUT" + MACRO)),
    "behind #": (BODY - 3, JOINED, source(
        b"\tPUT(ring, buf);\n", HEAD + b"#\\\ndefine PUT" + MACRO)),
    "a mark and a condition": (1, "a byte order mark before a directive",
                               b"\xef\xbb\xbf#if 0\n" + PUT + b"#endif\n" + source(PUT)),
    "if": (BODY, JOINED, source(b"#i\\\nf 0\n" + PUT + b"#end\\\nif\n" + PUT)),
    "a comment behind #": (BODY, "a comment behind the # of a directive",
                           source(b"#/* x */if 0\n" + PUT + b"#endif\n" + PUT)),
    "blanks": (BODY, "blanks between a backslash and the end of the line",
               source(PUT.replace(b"put_full", b"put_\\ \t\nfull"))),
    "a comment's start": (BODY, JOINED, source(b"\t/\\\n* " + PUT + b" */\n" + PUT)),
    "a comment's end": (BODY, "an end of a comment on two lines",
                        source(b"\t/* *\\\n/ " + PUT + b"/* */\n")),
    "a // comment": (BODY, "a // comment that a backslash continues",
                     source(b"\t// no \\\n" + PUT + PUT)),
    "a // comment, blanks": (BODY, "a // comment that a backslash continues",
                             source(b"\t// no \\ \n" + PUT + PUT)),
    "an escape": (BODY, OPEN, source(b'\tchar *s = "a\\\\\n" /* ";\n' + PUT + b"\t/* */\n")),
    "a carriage return": (BODY, "a carriage return inside of a line",
                          source(b"\r#if 0\n" + PUT + b"#endif\n" + PUT)),
    "no quote": (BODY + 1, OPEN, source(b"#if 0\ndon't /* stop\n#endif\n" + PUT + b"\t/* x */\n")),
    "no quote in #error": (BODY + 1, OPEN, source(
        b"#if 0\n#error don't /* stop\n#endif\n" + PUT + b"\t/* x */\n" + PUT)),
    "no quote in a macro": (BODY - 3, OPEN, source(
        PUT + b"\t/* x */\n", HEAD + b"#define X don't /* stop\n")),
    "other braces": (BODY - 1, "<%, another spelling", source(PUT).replace(
        b"{\n" + PUT + b"}", b"<%\n" + PUT + b"%>")),
    "other brackets": (BODY, "<:, another spelling", source(
        PUT.replace(b"buf->", b"ring->buf<:0:>."))),
    "another #": (BODY, "%:, another spelling", source(b"%:if 0\n" + PUT + b"%:endif\n" + PUT)),
    "a raw string": (BODY, "a raw string", source(b'\tchar *s = R"(x)";\n' + PUT)),
    "a macro of nothing": (BODY - 4, "a macro of nothing", source(
        b"\tPUT(ring, buf);\n", HEAD + b"#define X \\\n\n#define PUT" + MACRO).replace(
            b"\n#define X", b"#define X", 1)),
    "a NUL": (BODY, "a NUL byte", source(PUT.replace(b" buf", b"\0buf"))),
}
# What no compiler takes: what is open is said, nothing is made of it.
BROKEN = {
    "a comment": (BODY + 2, "a comment that is not closed", source(PUT) + b"/* x\n"),
    "a string": (BODY, OPEN, source(b'\tchar *s = "abc;\n' + PUT)),
    "a character": (BODY, OPEN, source(b"\tchar s = 'abc;\n" + PUT)),
    "a mark": (BODY, "a byte order mark inside", source(b"\xef\xbb\xbf" + PUT)),
    "the end": (BODY + 2, "a backslash at the end", source(PUT) + b"\\"),
}
# What is read as gcc reads it: around a call, which converts.
SAME = {
    "lines in a string": (b'\tchar *s = "a\\\n/* ";\n', b'\tchar *t = " */";\n'),
    "lines in code": (b"\t\\\n", b"\\\n\\\n"),
    "trigraphs are none": (b'\t// gnu11 ??/\n', b'\tchar *s = "??=??/";\n'),
    "a quote in #if 0": (b"#if 0\ndon't\n#endif\n", b"\t/* ' */\n"),
    "a quote in #error": (b"#ifdef NEVER\n#error don't\n#endif\n", b""),
    "white space": (b"\v\f\n\f#if 1\n", b"\f#endif\n"),
    "a carriage return in a comment": (b"\t/* a\rb */\n", b"\t// x\r int y;\n"),
    "a comment in a string": (b'\tchar *s = "/*";\n', b'\tchar *t = "*/ <% %:";\n'),
    "a comment before #": (b"/* x */ #if 0\n#error\n/* y\n */ #else\n", b"/* z */ #endif\n"),
    "digraphs in text": (b"\t/* <% :> */\n", b"\t// %:\n"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_gcc_reads_otherwise_is_refused_with_the_place(case: str, tmp_path: Path) -> None:
    line, said, text = REFUSED[case]
    compiles(tmp_path / "gcc", {"rx.c": text}, "-Wno-error")
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/rx.c").write_bytes(text)
    for command in ("diff", "check", "apply", "scan"):
        result = run(command, str(tmp_path / "demo"))
        assert (result.code, result.out, len(result.error_lines)) == (4, b"", 1), result
        assert f"demo/rx.c:{line}: {said}" in result.err
    assert (tmp_path / "demo/rx.c").read_bytes() == text


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_left_open_is_said_with_the_place(case: str, tmp_path: Path) -> None:
    line, said, text = BROKEN[case]
    (tmp_path / "rx.c").write_bytes(text)
    for command in ("diff", "check", "apply"):
        result = run(command, str(tmp_path))
        assert (result.code, len(result.error_lines)) == (4, 1), result
        assert f"rx.c:{line}: {said}" in result.err
    assert (tmp_path / "rx.c").read_bytes() == text


@pytest.mark.parametrize("case", SAME)
def test_what_gcc_reads_as_it_looks_converts(case: str, tmp_path: Path) -> None:
    before, after = SAME[case]
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/rx.c").write_bytes(source(before + PUT + after))
    assert run("apply", str(tmp_path / "demo")).code == 0
    converted = (tmp_path / "demo/rx.c").read_bytes()
    assert before + DONE + after in converted
    compiles(tmp_path / "gcc", {"rx.c": converted}, "-Wno-error")


def test_a_mark_before_the_first_line_is_none_of_it(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    for name, text in (("plain", source(PUT)), ("word", b"int first;\n" + source(PUT)),
                       ("include", source(PUT).replace(b"netmem_stub.h", b"own.h"))):
        made = []
        for start in (b"", mark):
            folder = tmp_path / f"{name}{len(start)}"
            folder.mkdir()
            (folder / "own.h").write_bytes(b'#include "netmem_stub.h"\n')
            (folder / "rx.c").write_bytes(start + text)
            assert run("apply", str(folder / "rx.c")).code == 0
            made.append((folder / "rx.c").read_bytes())
        assert made[1] == mark + made[0] and made[0] != text


def test_a_patch_that_leads_there_is_refused(tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    split = PUT.replace(b"put_full", b"put_\\\nfull")
    for name, text in (("a", source(PUT)), ("b", source(split))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rx.c").write_bytes(text)
    monkeypatch.chdir(tmp_path)
    diff = subprocess.run(["git", "diff", "--no-index", "--src-prefix=", "--dst-prefix=",
                           "a/rx.c", "b/rx.c"], capture_output=True)
    monkeypatch.chdir("a")
    result = run("check", "-", stdin=diff.stdout)
    assert result.code == 4 and f" rx.c:{BODY}: {JOINED}" in result.err, result
