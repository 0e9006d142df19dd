# SPDX-License-Identifier: GPL-2.0-only
"""What is said, and kept, of an error that nobody foresaw."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import shlex
import sys
import tempfile
import traceback
from importlib.metadata import version
from pathlib import Path

from netmem_migrate.errors import ExitCode
from netmem_migrate.kernel.tree import cache_folder

DEBUG = "NETMEM_MIGRATE_DEBUG"
"""The variable of the environment that asks for the traceback on stderr."""

_LONGEST = 200
# Nothing of the tool's is wrong: the place that it writes to is full, or gone.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def said(error: Exception) -> tuple[str, ExitCode]:
    """The one line for the user, and how the command ends.

    What the system says of a file is about that file. Of anything else, what a report needs is left
    in a file.
    """
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}", ExitCode.INPUT
    if isinstance(error, FileNotFoundError) and tempfile.tempdir is None:
        # Python tries some folders before the first temporary file, and found none to write in.
        return ("no folder for temporary files takes any; make room, or set TMPDIR to another",
                ExitCode.INPUT)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return f"what was to be written is not whole: {error.strerror}", ExitCode.INPUT
    return _line(error), ExitCode.INTERNAL


def _line(error: Exception) -> str:
    said = " ".join(str(error).split())
    if len(said) > _LONGEST:
        said = said[:_LONGEST] + "..."
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    text = "".join(traceback.format_exception(error))
    if os.environ.get(DEBUG):
        sys.stderr.write(text)
    kept = _kept(text)
    how = (f"please report it with {kept}, which says where" if kept is not None else
           f"please report it with what {DEBUG}=1 in the environment makes it say")
    return f"internal error: {what}; {how}"


def _kept(text: str) -> Path | None:
    """The file that holds the traceback and what was asked for; None where none can be written."""
    file = cache_folder().parent / "last-error.txt"
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            f"netmem-migrate {version('netmem-migrate')}, Python {platform.python_version()}, "
            f"{platform.platform()}\n$ {shlex.join(['netmem-migrate', *sys.argv[1:]])}\n\n{text}",
            encoding="utf-8", errors="backslashreplace")
        return file
    return None
