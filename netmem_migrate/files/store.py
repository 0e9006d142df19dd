# SPDX-License-Identifier: GPL-2.0-only
"""What was worked out once, kept in the user's cache folder under a digest of what it follows from.

An entry is a file that is written aside and takes its name by rename(2). Nothing is synced: a
checksum over kind, key and bytes tells what a crash left torn, and what stands in another's place.
The store never raises for anything on a disk; what cannot be kept is worked out again.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from netmem_migrate.files import home
from netmem_migrate.files.whole import runs

_KEY = re.compile(r"[0-9a-f]{16,128}")
_KIND = re.compile(r"[a-z][a-z-]*")
_HEAD = b"netmem-migrate entry 1\n"
_SUM = 32
# What an entry takes of a disk, and so of the limit, is whole blocks.
_BLOCK = 4096
# Of the limit, what may be added between two times that the oldest entries are taken away.
_SLACK = 8
# A file beside the entries: one byte, and one for each block added since entries were taken away.
_GROWN = "grown"
_ASIDE = "aside"
# Nobody writes one entry for so many seconds.
_LONG = 24 * 3600


def digest(*parts: bytes) -> str:
    """A key that is another for any other parts, however they are divided."""
    made = blake2b(digest_size=_SUM)
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.hexdigest()


@dataclass(frozen=True, slots=True)
class Store:
    """The entries of a kind in a folder, `limit` bytes at most; no folder keeps nothing.

    Of parallel runs each may be one entry above the limit for a moment. Both folder and entries are
    the user's alone; a folder that is another's, or that others may write into, is not used.
    """

    folder: Path | None
    kind: str
    limit: int

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise ValueError(f"no kind of entries: {self.kind!r}")

    @classmethod
    def standard(cls, kind: str, limit: int) -> Store:
        """The store of a kind in the user's cache folder."""
        try:
            return cls(home.cache() / "answers", kind, limit)
        except RuntimeError:
            return cls(None, kind, limit)

    def get(self, key: str) -> bytes | None:
        """What is kept under a key, which counts as a use of it. Raises ValueError for no key."""
        _require(key)
        with contextlib.suppress(OSError), self._opened(make=False) as folder:
            data = self._read(folder, key)
            if data is None:
                os.unlink(key, dir_fd=folder)
            return data
        return None

    def put(self, key: str, data: bytes) -> None:
        """Keep something under a key, if that can be done. Raises ValueError for no key."""
        _require(key)
        entry = b"".join((_HEAD, self._sum(key, data), data))
        if _blocks(len(entry)) * _BLOCK > self._kept:
            return
        with contextlib.suppress(OSError), self._opened(make=True) as folder:
            full = _grow(folder, _blocks(len(entry)))
            _write(folder, key, entry)
            if full or self._slack < _grown(folder):
                self._prune(folder)

    @property
    def _slack(self) -> int:
        return self.limit // _SLACK // _BLOCK

    @property
    def _kept(self) -> int:
        """The bytes that stay where the oldest entries are taken away."""
        return self.limit - self._slack * _BLOCK

    def _sum(self, key: str, data: bytes) -> bytes:
        return bytes.fromhex(digest(self.kind.encode(), key.encode(), data))

    @contextlib.contextmanager
    def _opened(self, *, make: bool) -> Iterator[int]:
        """The folder of this kind. Raises OSError where it is not there, or not to be used."""
        if self.folder is None:
            raise FileNotFoundError
        if make:
            _ours(self.folder.parent)
            self.folder.parent.mkdir(parents=True, exist_ok=True)
        with _folder(self.folder.parent, None, make=False) as base, \
                _folder(self.folder.name, base, make=make) as above, \
                _folder(self.kind, above, make=make) as found:
            yield found

    def _read(self, folder: int, key: str) -> bytes | None:
        """What an entry holds; None for one that is damaged, or not as this writes it."""
        try:
            handle = os.open(key, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        except FileNotFoundError:
            raise
        except OSError:
            return None
        try:
            status = os.fstat(handle)
            if not _private(status) or status.st_size > self.limit:
                return None
            entry = os.read(handle, status.st_size)
            data = entry[len(_HEAD) + _SUM:]
            if entry[:len(_HEAD) + _SUM] != _HEAD + self._sum(key, data):
                return None
            now = time.time_ns()
            with contextlib.suppress(OSError):
                os.utime(handle, ns=(now, now))
            return data
        finally:
            os.close(handle)

    def _prune(self, folder: int) -> None:
        """Take away the entries used least lately, unless another process does."""
        with _counter(folder) as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            # Before the look: what is added meanwhile counts.
            os.ftruncate(handle, 1)
            found = _entries(folder)
            total = sum(size for _, size, _ in found)
            for _, size, name in sorted(found):
                if total <= self._kept:
                    break
                with contextlib.suppress(OSError):
                    os.unlink(name, dir_fd=folder)
                total -= size


def _require(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError(f"no key: {key!r}")


def _blocks(size: int) -> int:
    return -(-size // _BLOCK)


def _ours(path: Path) -> None:
    """Raise OSError where root would make a folder in another's home."""
    above = next(one for one in (path, *path.parents) if one.exists())
    if os.geteuid() == 0 != above.stat().st_uid:
        raise PermissionError


@contextlib.contextmanager
def _folder(name: str | Path, above: int | None, *, make: bool) -> Iterator[int]:
    """A folder that is this user's; below the tool's own, which may be a link, no link."""
    if make:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=above)
    flags = os.O_RDONLY | os.O_DIRECTORY | (os.O_NOFOLLOW if above is not None else 0)
    handle = os.open(name, flags, dir_fd=above)
    try:
        status = os.fstat(handle)
        if status.st_uid != os.geteuid() or (above is not None and status.st_mode & 0o022):
            raise PermissionError
        yield handle
    finally:
        os.close(handle)


def _private(status: os.stat_result) -> bool:
    return (stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
            and not status.st_mode & 0o077)


@contextlib.contextmanager
def _counter(folder: int) -> Iterator[int]:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(_GROWN, flags, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:  # no link is ours
            os.unlink(_GROWN, dir_fd=folder)
        raise
    try:
        if not _private(os.fstat(handle)):
            os.unlink(_GROWN, dir_fd=folder)
            raise PermissionError
        yield handle
    finally:
        os.close(handle)


def _grow(folder: int, blocks: int) -> bool:
    """Count blocks that are to be added; whether nobody counted before."""
    with _counter(folder) as handle:
        new = os.fstat(handle).st_size == 0
        if os.write(handle, bytes(blocks)) < blocks:
            raise OSError
        return new


def _grown(folder: int) -> int:
    with _counter(folder) as handle:
        return os.fstat(handle).st_size - 1


def _write(folder: int, key: str, entry: bytes) -> None:
    """Put an entry in its place at once. Raises OSError; then nothing of it is left."""
    with _folder(_ASIDE, folder, make=True) as aside:
        _tidy(aside)
        name = f"{os.getpid()}-{os.urandom(8).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(name, flags, 0o600, dir_fd=aside), "wb") as file:
                file.write(entry)
            now = time.time_ns()
            os.utime(name, ns=(now, now), dir_fd=aside)
            os.rename(name, key, src_dir_fd=aside, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=aside)
            raise


def _tidy(aside: int) -> None:
    """Take away what runs that were killed wrote aside."""
    for name in os.listdir(aside):
        process = name.partition("-")[0]
        with contextlib.suppress(OSError):
            if not process.isdecimal() or not runs(int(process)) or time.time() - os.stat(
                    name, dir_fd=aside, follow_symlinks=False).st_mtime > _LONG:
                os.unlink(name, dir_fd=aside)


def _entries(folder: int) -> list[tuple[int, int, str]]:
    """When each entry was used last, in nanoseconds, what it takes, and its name.

    What was used tomorrow is not known to have been used.
    """
    found = []
    soon = time.time_ns() + _LONG * 10**9
    with os.scandir(folder) as listed:
        for one in listed:
            if one.name in (_GROWN, _ASIDE):
                continue
            with contextlib.suppress(OSError):
                status = one.stat(follow_symlinks=False)
                used = status.st_mtime_ns if status.st_mtime_ns <= soon else 0
                found.append((used, _blocks(status.st_size) * _BLOCK, one.name))
    return found
