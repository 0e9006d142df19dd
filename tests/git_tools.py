# SPDX-License-Identifier: GPL-2.0-only
"""Git as a test wants it: a home with plain settings, or with all that could change a patch."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

HOSTILE = Path(__file__).with_name("hostile.gitconfig")
IDENTITY = "[user]\n\tname = Jane Developer\n\temail = jane@example.org\n"


def git(cwd: Path, *arguments: str, check: bool = True, stdin: bytes = b"") -> bytes:
    done = subprocess.run(["git", *arguments], cwd=cwd, input=stdin, capture_output=True)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done.stdout


def commit_all(root: Path, subject: str = "Import") -> str:
    """Everything in a folder as a commit, in a repository that is made if there is none; its id."""
    if not (root / ".git").exists():
        git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "-m", subject)
    return git(root, "rev-parse", "HEAD").decode().strip()


def clean_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with a plain identity, and no git variable from outside."""
    for name in list(os.environ):
        if name.startswith("GIT_") or name in ("SOURCE_DATE_EPOCH", "EMAIL", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (folder / ".gitconfig").write_text(IDENTITY)
    return folder


def make_hostile(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, attributes, hooks and variables that would each change what git writes."""
    (home / ".gitconfig").write_text(HOSTILE.read_text().replace("HOME", str(home)))
    (home / "attributes").write_text("*.c -diff\n")
    hooks = home / "template/hooks"
    hooks.mkdir(parents=True)
    for name in ("pre-commit", "post-index-change", "reference-transaction"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)
    for name, value in {
        "GIT_DIR": str(home / "nowhere"),
        "GIT_INDEX_FILE": str(home / "index"),
        "GIT_WORK_TREE": str(home),
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_DIFF_OPTS": "--unified=0",
        "GIT_OBJECT_DIRECTORY": str(home / "objects"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "diff.noprefix",
        "GIT_CONFIG_VALUE_0": "true",
        "GIT_COMMITTER_NAME": "Someone Else",
        "COLUMNS": "40",
        "TZ": "Asia/Kolkata",
        "LC_ALL": "C.UTF-8",
    }.items():
        monkeypatch.setenv(name, value)
