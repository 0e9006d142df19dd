# SPDX-License-Identifier: GPL-2.0-only
"""stdout that says so when it is full or closed, and stderr that nobody has to read."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING

from netmem_migrate.errors import InputError
from netmem_migrate.files.whole import why

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Out(io.FileIO):
    """A descriptor whose errors are those of an input that cannot be processed."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _Full(f"stdout: {why(error)}; what was to be written there is not whole"
                        ) from None


class _Err(io.FileIO):
    """A descriptor for messages: where they cannot go, they are lost."""

    def write(self, data: ReadableBuffer, /) -> int:
        with contextlib.suppress(OSError):
            return super().write(data) or 0
        return memoryview(data).nbytes


class _Full(InputError):
    """stdout takes nothing more."""


def guard() -> None:
    """Replace stdout and stderr; descriptors that are closed are filled, so that no file gets them.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # Read-only: what is written there fails as it did when it was closed.
            os.dup2(os.open(os.devnull, os.O_RDONLY), number)
    # What a program that calls us put in their place is its own.
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(_Out(1, "w", closefd=False), sys.stdout, "surrogateescape")
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Err(2, "w", closefd=False), sys.stderr, "backslashreplace")


def _text(raw: io.FileIO, old: object, errors: str) -> io.TextIOWrapper:
    encoding = old.encoding if isinstance(old, io.TextIOWrapper) else "utf-8"
    terminal = raw.isatty()
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors=errors,
                            line_buffering=terminal or isinstance(raw, _Err))


def drop() -> None:
    """Lose what stdout still holds, so that ending says nothing of it again."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
