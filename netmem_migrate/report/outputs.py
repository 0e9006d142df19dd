# SPDX-License-Identifier: GPL-2.0-only
"""Results that were asked for in a file: written aside, and put there at once."""

from __future__ import annotations

import sys
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files.whole import Aside, aside, why
from netmem_migrate.options import STDOUT


def as_bytes(text: str) -> bytes:
    """What a file holds of a text; names of files may be of any bytes."""
    return text.encode("utf-8", "surrogateescape")


def is_replaced(path: Path) -> bool:
    """Whether a result is put in the place of a file, not written to a stream."""
    return path != STDOUT and (path.is_file() or not path.exists())


def prepare(path: Path, text: str) -> Aside | None:
    """Write a result beside its place; None where it went out at once, to stdout or a pipe.

    Raises InputError where it cannot be written; then nothing is.
    """
    if path == STDOUT:
        sys.stdout.write(text)
        sys.stdout.flush()
        return None
    data = as_bytes(text)
    try:
        if not is_replaced(path):
            with path.open("wb", buffering=0) as file:
                file.write(data)  # /dev/stdout, a pipe: written to, never replaced
            return None
        return aside(path, data)
    except OSError as error:
        raise _failed(path, error) from None


def put(path: Path, made: Aside | None) -> None:
    """Put a result that was prepared in its place. Raises InputError where that fails."""
    if made is None:
        return
    try:
        made.commit()
    except OSError as error:
        made.discard()
        raise _failed(path, error) from None


def write(path: Path, text: str) -> None:
    """Write a result, whole or not at all; `-` is stdout. Raises InputError where it cannot be."""
    put(path, prepare(path, text))


def _failed(path: Path, error: OSError) -> InputError:
    return InputError(f"{path}: cannot be written: {why(error)}")
