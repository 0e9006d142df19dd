# SPDX-License-Identifier: GPL-2.0-only
"""What is nested deeply reads as what is not; `make bench-sizes` has more of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sizes.shapes import EDITED, SHAPES
from tools import run

from netmem_migrate.errors import InputError
from netmem_migrate.kernel import drivers

DEEP = 1100  # Python calls 1000 functions inside one another
NESTED = (
    "parentheses", "casts", "not", "sizeof", "subscripts", "members", "calls", "choices",
    "choices in the middle", "statement expressions", "compared with nothing", "and by lines",
    "comma", "assignments", "blocks", "if", "else if", "while", "for", "do", "switch", "labels",
    "functions inside", "initialiser in a function", "pointer", "array", "struct",
    "named struct", "parentheses, other function", "pointer to function", "initialiser",
    "designators", "brackets in a declarator", "struct in itself", "struct in struct by name",
    "typedefs", "#if", "#if in a function", "#else", "#elif", "#if with parentheses",
    "#if with not", "#if with choices", "#if with choices in the middle", "#if with and",
    "unclosed #if", "#define", "calls of calls", "calls of calls, the last first",
)  # fmt: skip

QUICK = frozenset({"parentheses", "calls", "blocks", "struct"})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(folder: Path, text: str, *words: str) -> tuple[int, str, int]:
    """How a command ends, its last line without numbers, and how many calls of netmem it writes."""
    (folder / "d.c").write_text(text)
    done = run(*words)
    error = str(done.exception) if isinstance(done.exception, InputError) else ""
    last = (error or done.stderr).strip().splitlines()[-1:]
    return (done.exit_code, re.sub(r"\d+", "N", "".join(last)),
            done.stdout.count("page_pool_dev_alloc_netmems(pool)"))


@pytest.mark.parametrize("name", [
    name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in NESTED])
def test_depth_makes_no_difference(folder: Path, name: str) -> None:
    flat, deep = (SHAPES[name](count) for count in (3, DEEP))
    assert said(folder, deep, "diff", "d.c") == said(folder, flat, "diff", "d.c")
    assert said(folder, deep, "check", "d.c")[:2] == said(folder, flat, "check", "d.c")[:2]


@pytest.mark.parametrize("name", ["parentheses", "blocks", "choices"])
def test_a_patch_of_what_is_deep_is_held_against_it(folder: Path, name: str) -> None:
    text = SHAPES[name](DEEP)
    (folder / "d.c").write_text(text)
    number = text[:text.index(EDITED)].count("\n") + 1
    before, line, after = text.splitlines()[number - 2:number + 1]

    def patch(new: str) -> str:
        return (f"--- a/d.c\n+++ b/d.c\n@@ -{number - 1},3 +{number - 1},3 @@\n {before}\n"
                f"-{line}\n+{new}\n {after}\n")

    (folder / "d.patch").write_text(patch(line.replace("7", "8")))
    changed = run("check", "d.patch")
    assert changed.exit_code == 1 and "deep()" in changed.stdout
    (folder / "d.patch").write_text(patch(line.replace(" = ", "  =  ")))
    assert run("check", "d.patch").exit_code == 0


def test_the_largest_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SHAPES["blank lines"](10)
    (folder / "d.c").write_text(text)
    monkeypatch.setattr(drivers, "LARGEST", len(text))
    assert run("diff", "d.c").exit_code == 0
    (folder / "d.c").write_text(text + "\n")
    for command in ("diff", "scan", "check"):
        told = run(command, "d.c")
        assert isinstance(told.exception, InputError)
        assert "are not read; split it" in str(told.exception)


@pytest.mark.parametrize("middle", ["(void *)" * 3, "(void *)((void *)(void *)", "(void *)((("])
def test_casts_in_a_row_go_with_the_page(folder: Path, middle: str) -> None:
    closing = ")" * (middle.count("(") - middle.count(")"))
    text = SHAPES["casts"](1).replace("(void *)", middle)
    (folder / "d.c").write_text(text.replace(f"{middle}buf->page", f"{middle}buf->page{closing}"))
    done = run("diff", "d.c")
    assert done.exit_code == 0, done.stderr
    assert "-\tstruct page *page;" in done.stdout
