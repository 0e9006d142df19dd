# SPDX-License-Identifier: GPL-2.0-only
"""Nothing of a tree runs, whatever its scripts and its .git say, but where --kernel gives it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_tools import Result
from command_tools import run as command
from git_tools import commit_all, git
from series_tools import DEMO

SCRIPTS = ("checkpatch.pl", "get_maintainer.pl", "kernel-doc")
# What git runs of a repository's settings when it looks at a work tree, shows or fetches.
SETTINGS = """
[core]
	fsmonitor = TOUCH/fsmonitor
	hooksPath = HOOKS
	pager = TOUCH/pager
	editor = TOUCH/editor
	sshCommand = TOUCH/ssh
	askPass = TOUCH/askpass
	alternateRefsCommand = TOUCH/alternates
[sequence]
	editor = TOUCH/sequence
[filter "evil"]
	clean = TOUCH/clean
	smudge = TOUCH/smudge
	required = true
[filter "process"]
	process = TOUCH/process
[diff]
	external = TOUCH/external
[diff "evil"]
	textconv = TOUCH/textconv
	command = TOUCH/command
[merge "evil"]
	driver = TOUCH/merge
[log]
	showSignature = true
[gpg]
	program = TOUCH/gpg
[credential]
	helper = TOUCH/credential
[extensions]
	partialClone = origin
[remote "origin"]
	url = ext::TOUCH/ext
	promisor = true
	partialclonefilter = blob:none
	uploadpack = TOUCH/uploadpack
[protocol "ext"]
	allow = always
[alias]
	diff = !TOUCH/alias
[maintenance]
	auto = true
[gc]
	auto = 1
"""


def run(*words: str, stdin: bytes = b"") -> Result:
    return command(*words, "--api", "7.3", stdin=stdin)


@pytest.fixture
def marks(series_git_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds a file for each thing of the tree that was run."""
    marks = tmp_path / "marks"
    touch = tmp_path / "touch"
    marks.mkdir()
    touch.mkdir()

    def program(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n: > {marks}/{path.name}\n")
        path.chmod(0o755)

    for line in SETTINGS.split():
        if line.startswith(("TOUCH/", "ext::TOUCH/")):
            program(touch / line.rpartition("/")[2])
    for script in SCRIPTS:
        path = series_git_tree / "scripts" / script
        path.write_text(f"#!/usr/bin/perl\nopen F, '>', '{marks}/{script}';\n")
        path.chmod(0o755)
    (series_git_tree / ".gitattributes").write_text(
        "*.c filter=evil diff=evil merge=evil\n*.h filter=process diff=evil\n")
    commit_all(series_git_tree)
    git_folder = series_git_tree / ".git"
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-commit",
                 "fsmonitor-watchman", "pre-auto-gc", "applypatch-msg", "commit-msg"):
        program(git_folder / "evil-hooks" / hook)
        program(git_folder / "hooks" / hook)
    with (git_folder / "config").open("a") as config:
        config.write(SETTINGS.replace("TOUCH", str(touch)).replace(
            "HOOKS", str(git_folder / "evil-hooks")))
    for name in ("GIT_PAGER", "PAGER", "GIT_EDITOR", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(series_git_tree)
    return marks


def marked(marks: Path) -> list[str]:
    return sorted(path.name for path in marks.iterdir())


@pytest.fixture
def series(marks: Path, tmp_path: Path) -> Path:
    """A series for the tree."""
    assert run("format-patch", "-o", str(tmp_path / "out"), DEMO).code == 0
    for one in marks.iterdir():
        one.unlink()
    return tmp_path / "out"


def test_the_settings_would_run(marks: Path, series_git_tree: Path) -> None:
    os.utime(series_git_tree / DEMO / "demo_rx.c", (0, 0))
    git(series_git_tree, "status", check=False)
    assert {"fsmonitor", "clean"} <= set(marked(marks))


def test_looking_runs_nothing_of_the_tree(marks: Path, series: Path) -> None:
    (patch,) = series.glob("*.patch")
    missing = "0123456789" * 4
    for stat in (False, True):
        if stat:
            os.utime(f"{DEMO}/demo_rx.c", (0, 0))
        for words in (["check", DEMO], ["check", str(series)], ["check", str(patch)],
                      ["check", "HEAD"], ["check", missing], ["check", "HEAD~1..HEAD"],
                      ["diff", DEMO], ["diff", "--color", "--stat", DEMO], ["scan", "."],
                      ["scan", "--html", "/dev/null", "."], ["explain", f"{DEMO}/demo_rx.c:12"],
                      ["review", DEMO], ["review", "--html", "/dev/null", DEMO],
                      ["review", "-o", str(series / "again"), DEMO]):
            result = run(*words, stdin=b"y\ny\nq\n")
            assert result.code in (0, 1, 3, 4), (words, result.err)
            assert marked(marks) == [], words
    assert list((series / "again").glob("*.patch"))
    result = run("apply", DEMO)
    assert result.code == 0 and marked(marks) == [], result.err
    result = run("check", str(series))
    assert marked(marks) == [], result.err


def test_a_lost_object_is_not_fetched(marks: Path, series: Path, series_git_tree: Path) -> None:
    blob = git(series_git_tree, "rev-parse", f"HEAD:{DEMO}/demo_rx.c").decode().strip()
    for one in marks.iterdir():
        one.unlink()
    (series_git_tree / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for words in (["check", "HEAD"], ["check", str(series)], ["format-patch", "-o", "x", DEMO]):
        run(*words)
        assert not {"ext", "uploadpack", "ssh"} & set(marked(marks)), words


def test_scripts_run_where_the_tree_is_given(marks: Path, series: Path) -> None:
    said = run("check", str(series)).out.decode()
    assert said.count("not checked: scripts of a tree run only where it is given") == 3
    run("check", str(series), "--kernel", ".")
    assert marked(marks) == sorted(SCRIPTS)
    run("review", "-o", str(series / "new"), DEMO, "--kernel", ".", stdin=b"y\ny\n")
    assert "get_maintainer.pl" in marked(marks)


def test_format_patch_asks_for_recipients_alone(marks: Path, tmp_path: Path) -> None:
    run("format-patch", "-o", str(tmp_path / "x"), "--branch", "made", DEMO)
    assert marked(marks) == ["get_maintainer.pl"]


def test_the_users_own_pager_and_editor_count(marks: Path, home: Path) -> None:
    from netmem_migrate.terminal.screen import Screen

    git(home, "config", "--global", "core.editor", "mine")
    screen = Screen.standard(Path.cwd())
    assert screen.editor() == "mine"
    assert "touch" not in screen._pager()
