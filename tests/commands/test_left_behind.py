# SPDX-License-Identifier: GPL-2.0-only
"""A patch is judged with the files of its folder that it does not touch."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from git_tools import commit_all

from netmem_migrate.cli import cli

DEMO = "drivers/net/ethernet/acme/left"
HEADER = """\
struct left_buf {
	struct page *page;
};
"""
SOURCE = """\
#include "left.h"

void left_forget(struct left_buf *buf)
{
	buf->page = NULL;
}
"""
OTHER = "struct other_buf {\n\tstruct page *page;\n};\n" + SOURCE.replace(
    '#include "left.h"', '#include "other.h"').replace("left_", "other_")


@pytest.fixture
def tree(series_git_tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = series_git_tree / DEMO
    folder.mkdir(parents=True)
    for name, text in {"left.h": HEADER, "left.c": SOURCE, "other.c": OTHER,
                       "Makefile": "obj-y += left.o other.o\n"}.items():
        (folder / name).write_text(text)
    commit_all(series_git_tree, "Add")
    monkeypatch.chdir(series_git_tree)
    return series_git_tree


def _diff(tree: Path) -> str:
    return subprocess.run(["git", "diff"], cwd=tree, capture_output=True, text=True,
                          check=True).stdout


def _check(*words: str) -> tuple[int, list[tuple[str, int, str]]]:
    done = CliRunner().invoke(cli, ["check", "--json", *words])
    return done.exit_code, [(one["file"], one["line"], one["id"])
                            for one in json.loads(done.stdout)["findings"]]


WRONG = (1, [(f"{DEMO}/left.c", 5, "member-gone")])


def test_a_header_alone(tree: Path, tmp_path: Path) -> None:
    header = tree / DEMO / "left.h"
    header.write_text(HEADER.replace("struct page *page", "netmem_ref netmem"))
    (tmp_path / "x.diff").write_text(_diff(tree))
    # The tree has it already; then it has not; then it is a commit.
    assert _check(str(tmp_path / "x.diff")) == WRONG
    header.write_text(HEADER)
    assert _check(str(tmp_path / "x.diff")) == WRONG
    header.write_text(HEADER.replace("struct page *page", "netmem_ref netmem"))
    commit_all(tree, "Half")
    assert _check("HEAD") == WRONG
    assert _check("HEAD~..HEAD") == WRONG


def test_each_patch_of_a_series_stands_alone(tree: Path) -> None:
    folder = tree / DEMO
    (folder / "left.h").write_text(HEADER.replace("struct page *page", "netmem_ref netmem"))
    commit_all(tree, "One half")
    (folder / "left.c").write_text(SOURCE.replace("buf->page = NULL", "buf->netmem = 0"))
    commit_all(tree, "The other half")
    code, found = _check("HEAD~2..HEAD")
    assert code == 1 and found == WRONG[1]


def test_the_whole_of_it_is_silent(tree: Path) -> None:
    folder = tree / DEMO
    (folder / "left.h").write_text(HEADER.replace("struct page *page", "netmem_ref netmem"))
    (folder / "left.c").write_text(SOURCE.replace("buf->page = NULL", "buf->netmem = 0"))
    commit_all(tree, "Both halves")
    assert _check("HEAD") == (0, [])
    # What came later is none of the commit's.
    (folder / "left.c").write_text(SOURCE)
    commit_all(tree, "Undo one half")
    assert _check("HEAD~") == (0, [])
    assert _check("HEAD")[0] == 1
