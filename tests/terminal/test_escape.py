# SPDX-License-Identifier: GPL-2.0-only
"""Names do nothing to a terminal, a mail or a page; what a machine reads has their exact bytes."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from command_tools import DRIVER, run

NAMES = {"colour": b"\x1b[31mred", "bidi": "a\N{RIGHT-TO-LEFT OVERRIDE}c.b".encode(),
         "line": b"a\nb", "return": b"a\rb", "csi": "a\x9b2J".encode(), "no text": b"a\xff\xfe",
         "zero": "a\N{ZERO WIDTH SPACE}b".encode(), "bell": b"a\x07\x7f"}
SHOWN = {"colour": r"\x1b[31mred", "bidi": r"a\u202ec.b", "line": r"a\nb", "return": r"a\rb",
         "csi": r"a\x9b2J", "no text": r"a\xff\xfe", "zero": r"a\u200bb", "bell": r"a\x07\x7f"}


@pytest.fixture(autouse=True)
def work(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def harmless(text: str) -> bool:
    return all(one.isprintable() or one in "\n\t" for one in text)


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("kind", NAMES)
def test_what_is_not_there(kind: str) -> None:
    name = os.fsdecode(NAMES[kind])
    for words in (["diff", name], ["check", name], ["check", f"{name}.patch"], ["scan", name],
                  ["apply", name], ["review", name], ["explain", f"{name}.c:1"],
                  ["explain", name], ["format-patch", "-o", "out", name], ["verify", name],
                  ["diff", "--kernel", name, "."], ["diff", "--api", name, "."],
                  ["diff", f"-D{name}", "."], ["check", "--rule", name, "."],
                  [name], ["diff", f"--{name}", "."], ["api", "show", name]):
        result = run(*words)
        assert result.code in (2, 4), words
        assert harmless(result.err) and result.out == b"", (words, result.err)
    assert SHOWN[kind] in run("diff", name).err


@pytest.mark.few(3)
@pytest.mark.parametrize("kind", NAMES)
def test_what_is_said_of_a_driver(work: Path, kind: str) -> None:
    raw = os.fsencode(work) + b"/" + NAMES[kind]
    name = os.fsdecode(raw)
    Path(name).mkdir()
    (Path(name) / os.fsdecode(NAMES[kind] + b".c")).write_bytes(DRIVER + b"""
static void demo_keep(struct demo_ring *ring)
{
	page_pool_put_full_page(ring->pool, virt_to_head_page(ring), false);
}
""")
    (source,) = Path(name).iterdir()
    for words in (["check", name], ["scan", "."], ["explain", f"{source}:6"],
                  ["review", name, "--no-verify"]):
        result = run(*words, stdin=b"q\n")
        assert result.code in (0, 1, 3), (words, result.err)
        assert harmless(result.err), (words, result.err)
        assert harmless(text_of(result.out)), (words, result.out)
    result = run("format-patch", "-o", "out", ".")
    assert harmless(result.err) and SHOWN[kind] in result.err
    for patch in Path("out").rglob("*.patch"):
        head = patch.read_bytes().partition(b"\ndiff --git ")[0].decode()
        assert harmless(head), head
    for page in (["scan", ".", "--html"], ["review", name, "--html"]):
        run(*page, "page.html")
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]",
                             Path("page.html").read_text())
    done = run("apply", name)
    assert NAMES[kind] + b".c\n" in done.out and harmless(done.err)


def test_what_patches_and_sources_hold(work: Path) -> None:
    (work / "rx.c").write_bytes(DRIVER.replace(
        b"\tring->page = page;\n", b"\tring->page = page; /* \x1b[8m\xe2\x80\xae\x07 */\n"))
    shown = text_of(run("review", "rx.c", "--no-verify", stdin=b"q\n").out)
    assert r"\x1b[8m\u202e\x07" in shown and harmless(shown)
    diff = run("diff", "rx.c").out
    assert b"\x1b[8m\xe2\x80\xae\x07" in diff  # what `git apply` reads stays what it is
    Path("odd.patch").write_bytes(diff.replace(b"rx.c", b"../\x1b[31m.c"))
    result = run("check", "odd.patch")
    assert result.code == 4 and harmless(result.err) and r"\x1b[31m.c" in result.err


def test_plain_words_of_all_scripts_stay(work: Path) -> None:
    (work / "Jürgen-日本語.c").write_bytes(DRIVER)
    assert "Jürgen-日本語.c: left out" not in run("diff", ".").err
    assert run("diff", "Ångström-Ж.c").err == (
        "netmem-migrate: Ångström-Ж.c: no such file or folder\n")
