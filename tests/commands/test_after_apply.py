# SPDX-License-Identifier: GPL-2.0-only
"""`format-patch` after `apply`: the series of what HEAD holds, where the work tree is that."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_tools import Result
from command_tools import run as plain
from git_tools import commit_all, git
from series_tools import DEMO, OTHER


@pytest.fixture
def tree(series_tree: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two drivers, each with build rules of its own, committed and worked in."""
    for one in (DEMO, OTHER):
        (series_tree / one / "Makefile").write_text("obj-y += x.o\n")
    commit_all(series_tree)
    monkeypatch.chdir(series_tree)
    return series_tree


def run(*words: str) -> Result:
    """The tree has no headers."""
    return plain(*words, "--api", "7.3")


def patches(result: Result) -> dict[str, bytes]:
    assert result.code == 0, result
    return {"/".join(Path(one).parts[-2:]): Path(one).read_bytes()
            for one in result.out.decode().split()}


def written(*words: str) -> dict[str, bytes]:
    return patches(run("format-patch", *words, "--force", "-o", "../out"))


@pytest.mark.few(3)
@pytest.mark.parametrize("words", [
    (DEMO,), (DEMO, OTHER), ("drivers",), (".",), (DEMO, "-s"), (DEMO, "--keep-names"),
    (f"{DEMO}/demo_rx.c",)], ids=" ".join)
def test_the_series_is_the_same_as_before(tree: Path, words: tuple[str, ...]) -> None:
    before = written(*words)
    assert before
    run("apply", *(one for one in words if one != "-s"))
    status = git(tree, "status", "--porcelain")
    assert written(*words) == before
    git(tree, "add", "--all")
    assert written(*words) == before
    assert git(tree, "status", "--porcelain") == status.replace(b" M", b"M ")


def test_one_applied_and_one_not(tree: Path) -> None:
    before = written("drivers")
    run("apply", OTHER)
    assert written("drivers") == before


def test_the_series_makes_the_work_tree(tree: Path) -> None:
    run("apply", DEMO)
    applied = (tree / DEMO / "demo_rx.c").read_bytes()
    (patch,) = run("format-patch", DEMO, "-o", "../out").out.decode().split()
    git(tree, "checkout", "-q", ".")
    git(tree, "am", "-q", patch)
    assert (tree / DEMO / "demo_rx.c").read_bytes() == applied
    again = run("format-patch", DEMO, "-o", "../again")
    assert (again.code, again.out) == (0, b"") and "on netmem" in again.err


@pytest.mark.parametrize("edit", [
    (f"{DEMO}/demo_rx.c", b"/* mine */\n"), (f"{DEMO}/demo.h", b"int mine;\n")])
def test_what_is_more_than_the_conversion_is_refused(tree: Path, edit: tuple[str, bytes]) -> None:
    (tree / DEMO / "demo.h").write_text("int one;\n")
    commit_all(tree)
    run("apply", DEMO)
    file = tree / edit[0]
    file.write_bytes(edit[1] + file.read_bytes())
    result = run("format-patch", DEMO, "-o", "../out")
    assert (result.code, result.out, len(result.error_lines)) == (4, b"", 1)
    assert result.err.startswith(f"netmem-migrate: {edit[0]}: neither as committed in HEAD")
    assert not Path("../out").exists()


def test_other_options_than_apply_had_are_refused(tree: Path) -> None:
    run("apply", "--keep-names", DEMO)
    result = run("format-patch", DEMO, "-o", "../out")
    assert result.code == 4 and "or give the options that `apply` had" in result.err
    assert len(written(DEMO, "--keep-names")) == 1


def test_own_changes_to_a_driver_that_has_nothing_to_convert(tree: Path) -> None:
    file = tree / DEMO / "demo_rx.c"
    run("apply", DEMO)
    commit_all(tree)
    file.write_bytes(b"/* mine */\n" + file.read_bytes())
    result = run("format-patch", DEMO, "-o", "../out")
    assert (result.code, result.out) == (0, b"") and "on netmem" in result.err


def test_a_change_elsewhere_does_not_matter(tree: Path) -> None:
    before = written(DEMO)
    run("apply", DEMO)
    file = tree / OTHER / "other_rx.c"
    file.write_bytes(b"/* mine */\n" + file.read_bytes())
    (tree / "include/linux/none.h").unlink()
    assert written(DEMO) == before


def test_no_head_to_compare_with(series_tree: Path, home: Path) -> None:
    run("apply", str(series_tree / DEMO))
    result = run("format-patch", str(series_tree / DEMO), "-o", str(series_tree / "out"))
    assert (result.code, result.out) == (0, b"")
    assert "no git tree, so there is no HEAD" in result.error_lines[-1]
