# SPDX-License-Identifier: GPL-2.0-only
"""What is nested deeply, or long, ends as anything else does; `make bench-sizes` has more of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sizes.shapes import EDITED, SHAPES
from tools import run

from netmem_migrate.c.depth import LIMIT
from netmem_migrate.errors import InputError
from netmem_migrate.kernel import drivers

DEEP = "is used in code that is nested too deeply to be followed (d.c:"
FOLLOWED = (
    "parentheses", "casts", "not", "sizeof", "subscripts", "members", "calls", "choices",
    "choices in the middle", "statement expressions", "compared with nothing", "and by lines",
    "comma", "assignments", "blocks", "if", "else if", "while", "for", "do", "switch", "labels",
    "functions inside", "initialiser in a function", "pointer", "array", "struct",
    "named struct",
)  # fmt: skip
APART = (
    "parentheses, other function", "pointer to function", "initialiser", "designators",
    "brackets in a declarator", "#elif", "#if with parentheses",
    "#if with not", "#if with choices", "#if with choices in the middle", "#if with and",
    "struct in itself", "struct in struct by name", "typedefs", "#define",
    "calls of calls, the last first",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", FOLLOWED)
def test_memory_in_what_is_too_deep_stays(folder: Path, name: str) -> None:
    file = folder / "d.c"
    file.write_text(SHAPES[name](LIMIT + 10))
    diff = run("diff", "d.c")
    assert diff.exit_code == 3 and not diff.stdout
    assert DEEP in diff.stderr
    assert run("check", "d.c").exit_code == 0


def test_what_is_not_followed_is_named_by_check(folder: Path) -> None:
    (folder / "d.c").write_text(SHAPES["parentheses"](LIMIT + 10))
    assert "not followed: it is nested too deeply in deep()" in run("check", "d.c").stdout


@pytest.mark.parametrize("name", APART)
def test_what_is_too_deep_beside_it_is_no_matter(folder: Path, name: str) -> None:
    (folder / "d.c").write_text(SHAPES[name](LIMIT + 10))
    diff = run("diff", "d.c")
    assert diff.exit_code in (0, 3)
    assert "page_pool_dev_alloc_netmems" in diff.stdout
    assert run("check", "d.c").exit_code == 0


@pytest.mark.parametrize("name", ["parentheses", "not", "if", "compared", "choices", "struct"])
def test_what_is_less_deep_is_followed(folder: Path, name: str) -> None:
    (folder / "d.c").write_text(SHAPES[name](LIMIT // 4))
    diff = run("diff", "d.c")
    assert diff.exit_code == 0 and "page_pool_dev_alloc_netmems" in diff.stdout


def test_a_patch_of_what_is_too_deep_is_held_against_it(folder: Path) -> None:
    text = SHAPES["parentheses"](LIMIT + 10)
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


@pytest.mark.parametrize("name", ["#if", "#if in a function", "#else", "unclosed #if"])
def test_conditionals_are_read_to_the_limit(folder: Path, name: str) -> None:
    file = folder / "d.c"
    file.write_text(SHAPES[name](LIMIT))
    if not name.startswith("unclosed"):
        assert run("diff", "d.c").exit_code == 0
    file.write_text(text := SHAPES[name](LIMIT + 1))
    line = len(text[:text.rindex("#if")].splitlines()) + 1
    for command in ("diff", "scan", "check", "apply"):
        told = run(command, "d.c")
        assert isinstance(told.exception, InputError)
        assert f"d.c:{line}: inside more than {LIMIT} conditionals" in str(told.exception)
    assert file.read_text() == text


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
