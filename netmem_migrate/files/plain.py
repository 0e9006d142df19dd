# SPDX-License-Identifier: GPL-2.0-only
"""The one way to read a file of a tree, a series or a cache: ordinary files only, never a wait.

A pipe would be waited for and a device has no end. What is beside the thing that was asked for, and
is no ordinary file, is left out, and a note of the logger `netmem_migrate` says so.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import io
import logging
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import facts

NOTES = logging.getLogger("netmem_migrate")
"""Where it is said what was left out."""

LIMIT = 64 << 20
"""The size of the largest file that is read; the largest header of a kernel has 24 MB."""

_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
          stat.S_IFSOCK: "a socket", stat.S_IFDIR: "a folder"}
# Nothing is there, or can be, under such a name.
_NOWHERE = 0
_NOTHING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL)


class _Kept(logging.Handler):
    """Keeps notes, and says none."""

    def __init__(self, into: list[str]) -> None:
        super().__init__()
        self._into = into

    def emit(self, record: logging.LogRecord) -> None:
        self._into.append(record.getMessage())


@contextlib.contextmanager
def noting() -> Iterator[list[str]]:
    """What is noted meanwhile, which nobody else is told."""
    found: list[str] = []
    handlers, propagate = NOTES.handlers[:], NOTES.propagate
    NOTES.handlers[:] = [_Kept(found)]
    NOTES.propagate = False
    try:
        yield found
    finally:
        NOTES.handlers[:], NOTES.propagate = handlers, propagate


def read(path: Path, size: int = -1) -> bytes:
    """What a file holds, or its first `size` bytes.

    Raises InputError for what is not there, cannot be read, or is no ordinary file.
    """
    question = ("read", str(path), *((str(size),) if size >= 0 else ()))
    try:
        data = _read(path, size)
    except InputError:
        facts.note("", *question)
        raise
    if facts.watched():
        facts.note(_digest(data), *question)
    return data


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


@facts.again("read")
def _read_again(path: str, size: str = "-1") -> str:
    try:
        return _digest(_read(Path(path), int(size)))
    except InputError:
        return ""


def _read(path: Path, size: int) -> bytes:
    try:
        # To open a device can do something to it, so it is looked at first.
        _require(path, path.stat())
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb", buffering=0) as file:
            status = os.fstat(handle)
            _require(path, status)
            if size < 0 and status.st_size > LIMIT:
                raise InputError(f"{path}: larger than {LIMIT >> 20} MB; no source or patch is")
            return _all(file, size if size >= 0 else LIMIT, status.st_size)
    except OSError as error:
        raise _unread(path, error) from error
    except ValueError as error:
        raise InputError(f"{path!r}: no name of a file ({error})") from error


def _all(file: io.FileIO, limit: int, expected: int) -> bytes:
    """What is in a file, or its first `limit` bytes; it may have changed since its size was read.
    """
    data = file.read(min(limit, expected + 1))
    while data and len(data) < limit and (more := file.read(min(limit - len(data), 1 << 16))):
        data += more
    return data


def optional(path: Path) -> bytes | None:
    """What a file holds that need not be there; None where it is not, or is no ordinary file.

    Raises InputError where it cannot be read.
    """
    return read(path) if is_plain(path) else None


def is_plain(path: Path) -> bool:
    """Whether an ordinary file is there; what is neither that nor a folder is noted.

    Raises InputError where that cannot be told.
    """
    mode = _mode(path)
    if mode == _NOWHERE:
        if os.path.islink(path):  # noqa: PTH114 - never raises, as for a name that is too long
            _leave_out(path, "a link that leads nowhere")
    elif mode not in (stat.S_IFREG, stat.S_IFDIR):
        _leave_out(path, _KINDS.get(mode, "something else"))
    return mode == stat.S_IFREG


def exists(path: Path) -> bool:
    """Whether anything is there."""
    return _mode(path) != _NOWHERE


def is_folder(path: Path) -> bool:
    """Whether a folder is there."""
    return _mode(path) == stat.S_IFDIR


def _mode(path: Path) -> int:
    """The kind of file that is there, as st_mode has it."""
    try:
        found = stat.S_IFMT(path.stat().st_mode)
    except OSError as error:
        if error.errno not in _NOTHING:
            raise _unread(path, error) from error
        found = _NOWHERE
    except ValueError:
        found = _NOWHERE
    facts.note(str(found), "kind", str(path))
    return found


@facts.again("kind")
def _kind_again(path: str) -> str:
    return str(_mode(Path(path)))


def sources(paths: Iterable[Path]) -> list[Path]:
    """Those of some paths that are ordinary files, in order; of the others a note is made."""
    found = []
    for path in paths:
        if is_folder(path):
            _leave_out(path, "a folder")
        elif is_plain(path):
            found.append(path)
    return found


def require(path: Path) -> None:
    """Raise InputError for what is there and is no ordinary file."""
    try:
        _require(path, path.stat())
    except OSError as error:
        if error.errno not in _NOTHING:
            raise _unread(path, error) from error


def walk(top: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """As os.walk() does. Raises InputError for a folder that cannot be read."""
    for where, folders, files in os.walk(top, onerror=_stop):
        _note_names(where, [*folders, *files])
        yield Path(where), folders, files


def below(top: str, skip: Callable[[str], bool]) -> Iterator[tuple[str, list[str], list[str]]]:
    """The folders below one, itself first, in order of their names: path, files, and other names.

    `files` may be links to such; links to folders are not followed, nor is entered what `skip`
    says by its name. Raises InputError for a folder that cannot be read.
    """
    left = [top]
    while left:
        here = left.pop()
        folders, files, others = [], [], []
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if not skip(entry.name):
                            folders.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        files.append(entry.name)
                    else:
                        others.append(entry.name)
        except OSError as error:
            raise _unread(Path(here), error) from error
        left += sorted(folders, reverse=True)
        if facts.watched():
            _note_names(here, _names(here))
        yield here, files, others


def listed(folder: Path) -> list[Path]:
    """What is in a folder, in order. Raises InputError where it cannot be read."""
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        raise _unread(folder, error) from error
    _note_names(str(folder), [one.name for one in found])
    return found


def matching(folder: Path, pattern: str) -> list[Path]:
    """What is in a folder under names of a pattern, in order; nothing where there is none."""
    try:
        names = _names(folder)
    except OSError:
        facts.note("", "names", str(folder))
        return []
    _note_names(str(folder), names)
    return [folder / name for name in sorted(names) if fnmatch.fnmatchcase(name, pattern)]


def _names(folder: str | Path) -> list[str]:
    return [one.name for one in Path(folder).iterdir()]


def _note_names(folder: str, names: Iterable[str]) -> None:
    if facts.watched():
        facts.note(_digest("\0".join(sorted(names)).encode("utf-8", "surrogateescape")),
                   "names", folder)


@facts.again("names")
def _names_again(folder: str) -> str:
    try:
        return _digest("\0".join(sorted(_names(folder))).encode("utf-8", "surrogateescape"))
    except OSError:
        return ""


def _require(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: not an ordinary file but {_kind(status)}")


def _kind(status: os.stat_result) -> str:
    return _KINDS.get(stat.S_IFMT(status.st_mode), "something else")


def _leave_out(path: Path, what: str) -> None:
    facts.odd()
    NOTES.warning("%s: left out: not an ordinary file but %s", path, what)


def _unread(path: Path, error: OSError) -> InputError:
    facts.odd()  # whoever goes on without it says something else once it can be read
    return InputError(f"{error.filename or path}: {error.strerror or error}")


def _stop(error: OSError) -> None:
    raise _unread(Path(), error) from error
