# SPDX-License-Identifier: GPL-2.0-only
"""Write a run's changes in place: every file whole and by rename, all of them or none."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import journal
from netmem_migrate.files.journal import Kind, Target
from netmem_migrate.files.whole import why
from netmem_migrate.results import FileChange

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
Wanted = tuple[Path, Sequence[FileChange]]


def _look_at(root: Path, change: FileChange) -> tuple[Target, os.stat_result]:
    """Find and test one file; raises InputError where it cannot or should not be replaced."""
    shown = root / change.path
    try:
        real = shown.resolve(strict=True)
        status = real.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{shown}: not an ordinary file; nothing was written")
        current = real.read_bytes()
    except OSError as error:
        raise InputError(f"{shown}: {why(error)}; nothing was written") from None
    if not real.is_relative_to(root.resolve()):
        raise InputError(
            f"{shown}: a symbolic link that leads out of the tree, to {real}; "
            "give that file itself; nothing was written"
        )
    if current != change.before:
        raise InputError(f"{shown}: changed since it was read; run again; nothing was written")
    # Mode bits count as well as access(): root passes the latter, and still meant "read-only".
    if not status.st_mode & _WRITABLE or not os.access(real, os.W_OK):
        raise InputError(f"{shown}: read-only; make it writable first; nothing was written")
    folder = real.parent
    if not folder.stat().st_mode & _WRITABLE or not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(
            f"{shown.parent}: a read-only folder; make it writable first; nothing was written"
        )
    return Target(real, str(shown), change.before, change.after, stat.S_IMODE(status.st_mode),
                  status.st_uid, status.st_gid), status


def _targets(wanted: Sequence[Wanted]) -> Iterator[Target]:
    """Each file once, and behind it the other names that it has in its folder."""
    seen: set[Path] = set()
    number = 0
    for root, changes in wanted:
        for change in changes:
            target, status = _look_at(root, change)
            if target.path in seen:
                continue
            first = number
            for one in (target.path, *_other_names(target.path, status)):
                if one not in seen:
                    seen.add(one)
                    yield Target(one, str(one) if one != target.path else target.shown,
                                 target.before, target.after, target.mode, target.owner,
                                 target.group, first if one != target.path else None)
                    number += 1


def _other_names(path: Path, status: os.stat_result) -> list[Path]:
    if status.st_nlink == 1:
        return []
    with os.scandir(path.parent) as entries:
        return sorted(path.with_name(one.name) for one in entries
                      if one.name != path.name and one.inode() == status.st_ino
                      and one.is_file(follow_symlinks=False)
                      and one.name.endswith(path.suffix) and not one.name.startswith("."))


def apply(*wanted: Wanted) -> tuple[Path, ...]:
    """Replace the changed files under each root; returns the files, in the order given.

    Raises InputError, with every file as it was, where one of them is missing, read-only, changed
    since it was read or a link out of the tree, where another run writes them, and where the disk
    fails midway; if what was written cannot be put back then, the error names it, and a journal is
    left (netmem_migrate/files/journal.py). An interrupt is held back while files are renamed and
    takes effect before or after that.
    """
    journal.write(Kind.APPLY, wanted[0][0], list(_targets(wanted)))
    return tuple(root / change.path for root, changes in wanted for change in changes)


def check(*wanted: Wanted) -> None:
    """Raise what apply() would raise of the files as they are now; nothing is written."""
    list(_targets(wanted))


def left(paths: Sequence[Path]) -> list[journal.Journal]:
    """What was cut off at some paths: of files there, or of a folder that a path is in."""
    real = [Path(os.path.realpath(path)) for path in paths]
    return [one for one in journal.pending(Kind.APPLY) if any(
        path.is_relative_to(one.top) or one.top.is_relative_to(path) for path in real)]
