# SPDX-License-Identifier: GPL-2.0-only
"""What a run would change, as a unified diff made by git itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.git.run import DIFF_OPTIONS, Scratch
from netmem_migrate.results import FileChange, Run


def changes_of(run: Run) -> tuple[FileChange, ...]:
    """Every changed file of a run once, in path order.

    Raises InputError where two drivers of the run change the same file in different ways.
    """
    changes: dict[str, FileChange] = {}
    for migration in run.drivers:
        for change in migration.changes:
            if change.before == change.after:
                continue
            if changes.setdefault(change.path, change) != change:
                raise InputError(
                    f"{change.path}: two of the given drivers change it; convert them one by one"
                )
    return tuple(changes[path] for path in sorted(changes))


def mode_of(path: Path) -> str:
    """The git mode of a file on disk; a plain one where it is not there."""
    return "100755" if path.is_file() and os.access(path, os.X_OK) else "100644"


def diff(
    root: Path, changes: Sequence[FileChange], *, color: bool = False, stat: bool = False
) -> bytes:
    """The unified diff (or with `stat` the diffstat, 80 columns) of `changes`; b"" for none.

    Paths are relative to `root`, as `patch -p1` wants them there. Nothing is written.
    """
    if not changes:
        return b""
    with Scratch.create(root, [change.path for change in changes]) as scratch:
        modes = {change.path: mode_of(root / change.path) for change in changes}
        before, after = (
            scratch.tree("", {path: (modes[path], content) for path, content in side})
            for side in (
                [(change.path, change.before) for change in changes],
                [(change.path, change.after) for change in changes],
            )
        )
        return scratch.git(
            "diff-tree",
            "-r",
            *(["--stat=80"] if stat else ["--patch", "--unified=3"]),
            "--color=" + ("always" if color else "never"),
            *DIFF_OPTIONS,
            before,
            after,
        )
