# SPDX-License-Identifier: GPL-2.0-only
"""Write a run's changes in place: every file whole and by rename, all of them or none."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.results import FileChange

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class _Target:
    """One file to replace: where it really is, and what it was."""

    path: Path
    shown: str
    before: bytes
    after: bytes
    status: os.stat_result


@contextlib.contextmanager
def _blocked(*signals: signal.Signals) -> Iterator[None]:
    old = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _look_at(root: Path, change: FileChange) -> _Target:
    """Find and test one file; raises InputError where it cannot or should not be replaced."""
    shown = root / change.path
    try:
        real = shown.resolve(strict=True)
        status = real.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{shown}: not an ordinary file; nothing was written")
        current = real.read_bytes()
    except OSError as error:
        raise InputError(f"{shown}: {_why(error)}; nothing was written") from None
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
    return _Target(real, str(shown), change.before, change.after, status)


def _stage(target: _Target, content: bytes) -> Path:
    """Write `content` beside the file, safely on disk and with the file's mode and owner."""
    handle, name = tempfile.mkstemp(
        dir=target.path.parent, prefix=f".{target.path.name}.", suffix=".netmem-migrate"
    )
    staged = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if (target.status.st_uid, target.status.st_gid) != (os.geteuid(), os.getegid()):
                with contextlib.suppress(PermissionError):
                    os.fchown(file.fileno(), target.status.st_uid, target.status.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(target.status.st_mode))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    return staged


def apply(*wanted: tuple[Path, Sequence[FileChange]]) -> tuple[Path, ...]:
    """Replace the changed files under each root; returns the files, in the order given.

    Raises InputError, with every file as it was, where one of them is missing, read-only, changed
    since it was read or a link out of the tree, and where the disk fails midway. An interrupt is
    held back while files are renamed and takes effect before or after that.
    """
    targets = [_look_at(root, change) for root, changes in wanted for change in changes]
    staged: list[Path] = []
    done: list[_Target] = []
    with _blocked(signal.SIGTERM, signal.SIGHUP):
        try:
            for target in targets:
                staged.append(_stage(target, target.after))
            with _blocked(signal.SIGINT):
                try:
                    for target, new in zip(targets, staged, strict=True):
                        if target.path.read_bytes() != target.before:
                            raise InputError(
                                f"{target.shown}: changed since it was read; run again; "
                                "nothing was written"
                            )
                        new.replace(target.path)
                        done.append(target)
                except BaseException:
                    for target in reversed(done):
                        _stage(target, target.before).replace(target.path)
                    raise
        except OSError as error:
            where = error.filename or wanted[0][0]
            raise InputError(f"{where}: {_why(error)}; nothing was written") from None
        finally:
            for new in staged:
                new.unlink(missing_ok=True)
    return tuple(root / change.path for root, changes in wanted for change in changes)
