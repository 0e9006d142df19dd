# SPDX-License-Identifier: GPL-2.0-only
"""One file, or one folder, put in its place at once; and where the tool keeps its state.

What is to stand there is written beside it, is safely on disk, and takes its name by rename(2).
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".netmem-migrate"
_OURS = re.compile(r"\.(?P<name>.+)\.(?P<process>\d+)" + re.escape(SUFFIX))


def state_folder() -> Path:
    """The user's folder for what has to outlive a run (XDG_STATE_HOME); it need not be there."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(base) / "netmem-migrate"


def why(error: OSError) -> str:
    """What the system says of an error, as a part of a sentence."""
    return (error.strerror or str(error)).lower()


def sync(folder: Path) -> None:
    """Have the names of a folder safely on disk; some file systems cannot, and need not."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(handle)


_NO_SYNC = (errno.EINVAL, errno.EOPNOTSUPP)


def folders(path: Path, mode: int) -> list[Path]:
    """Make a folder and what is missing above it, with their names safely on disk; those that were
    made, the uppermost first."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True, mode=mode)
    except OSError:
        for one in missing:
            with contextlib.suppress(OSError):
                one.rmdir()
        raise
    for one in reversed(missing):
        with contextlib.suppress(PermissionError):  # one may write into what one cannot read
            sync(one.parent)
    return missing[::-1]


def create(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file that is not there yet, and have it safely on disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def tidy(folder: Path) -> None:
    """Take away what runs that were killed left in a folder, written aside and never used."""
    with contextlib.suppress(OSError):
        for one in list(folder.iterdir()):
            found = _OURS.fullmatch(one.name)
            if found is not None and not runs(int(found["process"])):
                remove(one)


def remove(path: Path) -> None:
    """Take away a file or a folder of ours, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def runs(process: int) -> bool:
    """Whether a process of that number runs, whoever's it is."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


@dataclass(frozen=True, slots=True)
class Aside:
    """What is written aside, and the place that it is for."""

    made: Path
    path: Path

    def commit(self) -> None:
        """Put it in its place. Raises OSError, with what was there still there."""
        self.made.replace(self.path)
        _keep(self.path.parent)

    def discard(self) -> None:
        """Take it away again."""
        with contextlib.suppress(OSError):
            remove(self.made)


def aside(path: Path, data: bytes) -> Aside:
    """Write what a file is to hold beside it. Raises OSError; then nothing of it is left.

    A link is followed; the mode of a file that is there stays.
    """
    real = path.resolve() if path.is_symlink() else path
    tidy(real.parent)
    made = _beside(real)
    try:
        create(made, data)
        with contextlib.suppress(FileNotFoundError):
            made.chmod(stat.S_IMODE(real.stat().st_mode))
    except BaseException:
        with contextlib.suppress(OSError):
            made.unlink(missing_ok=True)
        raise
    return Aside(made, real)


def write(path: Path, data: bytes) -> None:
    """Put a file in its place at once. Raises OSError, with the old one in its place."""
    made = aside(path, data)
    try:
        made.commit()
    except BaseException:
        made.discard()
        raise


def fill(path: Path, make: Callable[[Path], None]) -> None:
    """Put a folder that is not there yet in its place at once, with all that `make` puts into it.

    Raises what `make` raises, and OSError; then nothing of it is left.
    """
    tidy(path.parent)
    made = _beside(path)
    made.mkdir()
    try:
        make(made)
        sync(made)
        made.rename(path)
        _keep(path.parent)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _keep(folder: Path) -> None:
    """Have a name that is in its place safely on disk, as far as the disk does that.

    It stays in its place where the disk refuses: to call that a failure would say that nothing was
    written.
    """
    with contextlib.suppress(OSError):
        sync(folder)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{SUFFIX}")
