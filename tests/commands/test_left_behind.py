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


def test_a_file_that_moves_is_one_file(tree: Path) -> None:
    folder = tree / DEMO
    (folder / "left.h").write_text(HEADER.replace("struct page *page", "netmem_ref netmem"))
    (folder / "moved.c").write_text(SOURCE.replace("buf->page = NULL", "buf->netmem = 0"))
    (folder / "left.c").unlink()
    commit_all(tree, "Convert and move")
    assert _check("HEAD") == (0, [])
    (folder / "left.c").write_text((folder / "moved.c").read_text().replace("= 0", "= NULL"))
    (folder / "moved.c").unlink()
    commit_all(tree, "Move back, and break it")
    assert _check("HEAD") == (1, [(f"{DEMO}/left.c", 5, "half-converted")])


def test_files_that_come_and_go_are_read(tree: Path, tmp_path: Path) -> None:
    folder = tree / DEMO
    more = "void left_more(struct left_buf *buf)\n{\n\tleft_forget(buf);\n}\n"
    (folder / "more.c").write_text('#include "left.h"\n\n' + more)
    commit_all(tree, "Add a file")
    code, found = _check("HEAD")
    assert code == 1 and found == [(f"{DEMO}/more.c", 1, "include-added"),
                                   (f"{DEMO}/more.c", 3, "changed-behaviour")]
    diff = tmp_path / "x.diff"
    diff.write_text(subprocess.run(["git", "diff", "HEAD~"], cwd=tree, capture_output=True,
                                   text=True, check=True).stdout)
    assert _check(str(diff)) == (code, found)  # the tree has it
    (folder / "more.c").unlink()
    assert _check(str(diff)) == (code, found)  # and has not
    commit_all(tree, "Delete it")
    assert _check("HEAD")[0] == 1


def test_a_function_that_moves_is_the_same_function(tree: Path) -> None:
    folder = tree / DEMO
    (folder / "more.c").write_text("#include \"left.h\"\n\nint more;\n")
    commit_all(tree, "Make room")
    body = SOURCE.partition("\n\n")[2]
    (folder / "left.c").write_text('#include "left.h"\n')
    (folder / "more.c").write_text('#include "left.h"\n\nint more;\n\n' + body)
    commit_all(tree, "Move the function")
    assert _check("HEAD") == (0, [])
    (folder / "more.c").write_text('#include "left.h"\n\nint more;\n')
    (folder / "left.c").write_text('#include "left.h"\n\n' + body.replace("NULL", "buf->page + 1"))
    commit_all(tree, "Move it back, and change it")
    assert _check("HEAD")[0] == 1


def test_what_no_rule_looks_at_is_named(tree: Path) -> None:
    (tree / DEMO / "Makefile").write_text("obj-y += left.o\n")
    (tree / DEMO / "left.c").chmod(0o755)
    commit_all(tree, "Build less")
    done = CliRunner().invoke(cli, ["check", "HEAD"])
    assert done.exit_code == 0
    lines = [one for one in done.stderr.splitlines() if "not judged" in one]
    assert lines[0] == f"note: {DEMO}/Makefile: not judged: no C source"
    assert f"{DEMO}/left.c: not judged: mode 100644 -> 100755" in lines[1]
