# SPDX-License-Identifier: GPL-2.0-only
"""What `check` and `verify` take: own diffs, mails, commits, and what the tree has already."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_tools import DRIVER as SOURCE
from command_tools import Result, run
from git_tools import commit_all, git
from kernel_tools import DRIVER

DEMO = str(Path(DRIVER).parent)
FINE = (0, b"", "0 errors, 0 warnings, 0 notes")


@pytest.fixture
def tree(kernel_tree: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kernel, committed and worked in."""
    (kernel_tree / "include/linux/more.h").write_text(
        (kernel_tree / DRIVER).read_text().replace("rx_", "more_"))
    commit_all(kernel_tree)
    monkeypatch.chdir(kernel_tree)
    return kernel_tree


def said(result: Result) -> tuple[int, bytes, str]:
    return result.code, result.out, result.error_lines[-1]


def own_diff(tree: Path, where: Path) -> Path:
    file = where / "own.diff"
    file.write_bytes(run("diff", "-q", DEMO).out)
    return file


def proven(*words: str) -> tuple[int, int]:
    """The exit code of `verify`, and how many objects are proven."""
    result = run("verify", "--json", *words)
    return result.code, sum(one["proven"] for one in json.loads(result.out)["objects"])


def broken(text: bytes) -> bytes:
    assert b"page_pool_put_full_netmem(pool, buf->netmem, 1)" in text
    return text.replace(b"page_pool_put_full_netmem(pool, buf->netmem, 1)",
                        b"page_pool_put_full_netmem(pool, buf->netmem, 0)")


@pytest.mark.few(2)
@pytest.mark.parametrize("name", ["own.diff", "p.txt", "own", "x.patch"])
def test_the_tools_own_diff(tree: Path, tmp_path: Path, name: str) -> None:
    diff = own_diff(tree, tmp_path).rename(tmp_path / name)
    assert said(run("check", str(diff))) == FINE
    assert run("check", "-", stdin=diff.read_bytes()).code == 0
    assert proven(str(diff), "--kernel", ".") == (0, 1)
    diff.write_bytes(broken(diff.read_bytes()))
    assert run("check", str(diff)).code == 1
    assert proven(str(diff), "--kernel", ".")[0] == 5


@pytest.mark.few(2)
@pytest.mark.parametrize("kind", ["diff", "mail", "git diff", "git show", "bare"])
def test_what_the_tree_has_already(tree: Path, tmp_path: Path, kind: str) -> None:
    diff = own_diff(tree, tmp_path)
    made = Path(run("format-patch", "-q", DEMO, "-o", str(tmp_path / "out")).out.decode().strip())
    run("apply", "-q", DEMO)
    if kind == "git diff":
        diff.write_bytes(git(tree, "diff"))
    commit_all(tree, "Convert")
    if kind == "git show":
        diff.write_bytes(git(tree, "show"))
    if kind == "mail":
        diff = made
    if kind == "bare":  # as diff -u writes it
        lines = diff.read_bytes().splitlines(keepends=True)
        diff.write_bytes(b"".join(one for one in lines
                                  if not one.startswith((b"diff ", b"index "))))
    result = run("check", str(diff))
    assert said(result) == FINE
    assert result.error_lines[0] == f"{tree} has the series already; checked against what was " \
                                    "before it"
    assert proven(str(diff), "--kernel", ".") == (0, 1)
    # And a fault in what is there already is found as well.
    diff.write_bytes(broken(diff.read_bytes()))
    (tree / DRIVER).write_bytes(broken((tree / DRIVER).read_bytes()))
    assert run("check", str(diff)).code == 1


def test_the_work_tree_has_it_and_no_git_does(kernel_tree: Path, tmp_path: Path, home: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(kernel_tree)
    diff = own_diff(kernel_tree, tmp_path)
    run("apply", "-q", DEMO)
    assert said(run("check", str(diff))) == FINE
    assert proven(str(diff), "--kernel", ".") == (0, 1)


def test_commits(tree: Path, tmp_path: Path) -> None:
    run("apply", "-q", DEMO)
    commit_all(tree, "Convert")
    (tree / DRIVER).write_bytes(b"/* more */\n" + (tree / DRIVER).read_bytes())
    commit_all(tree, "Say more")
    for words in (["HEAD~"], ["HEAD~2..HEAD"], ["HEAD~2..HEAD~1"], ["HEAD~2.."], ["HEAD~", "HEAD"],
                  [git(tree, "rev-parse", "HEAD~").decode().strip()]):
        assert said(run("check", *words)) == FINE, words
    assert proven("HEAD~", "--kernel", ".") == (0, 1)
    # Other changes since then do not matter to a commit.
    (tree / DRIVER).write_text("int gone;\n")
    commit_all(tree, "Drop it")
    assert said(run("check", "HEAD~2")) == FINE
    (tree / DRIVER).write_bytes(SOURCE)
    commit_all(tree, "Bring it back")
    assert run("check", "HEAD").code == 1


def test_commits_of_a_fault(tree: Path) -> None:
    run("apply", "-q", DEMO)
    (tree / DRIVER).write_bytes(broken((tree / DRIVER).read_bytes()))
    commit_all(tree, "Convert, and more")
    assert run("check", "HEAD").code == 1
    assert proven("HEAD~..HEAD", "--kernel", ".")[0] == 5


@pytest.mark.few(1)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_series_of_which_the_tree_has_a_part(tree: Path, tmp_path: Path, number: int) -> None:
    other = "drivers/net/other/other.c"
    shutil.copytree(tree / DEMO, tree / "drivers/net/other")
    (tree / "drivers/net/other/demo.c").rename(tree / other)
    commit_all(tree, "Another driver")
    out = tmp_path / "out"
    assert run("format-patch", "-q", "--together", "drivers/net", "-o", str(out)).code == 0
    patches = sorted(map(str, out.glob("*.patch")))
    assert len(patches) == 3
    for patch in patches[1:number + 1]:
        git(tree, "am", "-q", patch)
    result = run("check", *patches)
    if number == 1:
        assert result.code == 4 and len(result.error_lines) == 1
        assert "has the first 1 of 2 patches and not this one" in result.err
        assert run("verify", *patches, "--kernel", ".").code == 4
    else:
        assert said(result) == FINE
        assert proven(*patches, "--kernel", ".")[0] in (0, 5)  # the other one has no command
    listed = run("check", str(out)).out.decode()
    assert ("pass  git-am" in listed) is (number != 1)
    assert ("has the series already" in listed) is (number == 2)


def test_a_diff_of_which_the_tree_has_a_file(tree: Path, tmp_path: Path) -> None:
    header = "drivers/net/demo/demo.h"
    before, after = b"int one;\n", b"int two;\n"
    (tree / header).write_bytes(before)
    commit_all(tree)
    run("apply", "-q", DEMO)
    (tree / header).write_bytes(after)
    (tmp_path / "x.diff").write_bytes(git(tree, "diff"))
    (tree / header).write_bytes(before)
    result = run("check", str(tmp_path / "x.diff"))
    assert result.code == 4 and len(result.error_lines) == 1
    assert f"has what it does to {DRIVER}, not what it does to {header}" in result.err


def test_a_diff_for_another_tree(tree: Path, tmp_path: Path) -> None:
    diff = own_diff(tree, tmp_path)
    (tree / DRIVER).write_text("int other;\n")
    result = run("check", str(diff))
    assert result.code == 4 and "git apply does not take it" in result.err
    assert len(result.error_lines) == 1


@pytest.mark.parametrize(("words", "code", "says"), [
    ("check no-such-branch", 4, "no such file"),
    ("check HEAD..HEAD", 4, "HEAD..HEAD: no commits"),
    ("check HEAD", 4, "without a parent"),
    ("verify HEAD --kernel .", 4, "without a parent"),
    ("verify no-such-branch --kernel .", 4, "no such file, and no commit here"),
    ("verify HEAD x.patch --kernel .", 2, "not both"),
    ("verify drivers --kernel .", 4, "drivers: no *.patch file here"),
    ("check ./Kbuild", 4, "not a .c or .h file"),
])
def test_what_is_no_series(tree: Path, words: str, code: int, says: str) -> None:
    (tree / "x.patch").write_text("x\n")
    result = run(*words.split())
    assert (result.code, len(result.error_lines)) == (code, 1), result
    assert says in result.err


def test_a_merge_is_no_series(tree: Path) -> None:
    git(tree, "checkout", "-q", "-b", "side")
    commit_all(tree, "Side")
    git(tree, "checkout", "-q", "main")
    commit_all(tree, "Main")
    git(tree, "merge", "-q", "-m", "Merge", "side")
    assert "is a merge" in run("check", "HEAD").err
    assert "is a merge" in run("check", "HEAD~2..HEAD").err


def test_a_driver_outside_any_tree(home: Path, tmp_path: Path,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vnd").mkdir()
    (tmp_path / "vnd/rx.c").write_bytes(SOURCE)
    monkeypatch.chdir(tmp_path / "vnd")
    diff = tmp_path / "own.diff"
    diff.write_bytes(run("diff", "-q", ".").out)
    assert said(run("check", str(diff))) == FINE
    assert run("check", str(diff), "--api", "1.0").code == 2
    commit_all(tmp_path / "vnd")
    run("apply", "-q", ".")
    assert said(run("check", str(diff))) == FINE
    commit_all(tmp_path / "vnd", "Convert")
    assert said(run("check", "HEAD")) == FINE
    monkeypatch.chdir(tmp_path)
    result = run("check", str(diff))
    assert result.code == 4 and "run this in the folder that its paths begin at" in result.err
