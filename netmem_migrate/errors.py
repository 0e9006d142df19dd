# SPDX-License-Identifier: GPL-2.0-only
"""How a command ends: its exit code, and the one line that says why."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of every command (design contract 4), each with its one text."""

    text: str

    def __new__(cls, number: int, text: str) -> ExitCode:
        """A code that knows its text."""
        made = int.__new__(cls, number)
        made._value_ = number
        made.text = text
        return made

    DONE = 0, "done"
    FINDINGS = 1, "differences or findings, where asked"
    USAGE = 2, "usage"
    REFUSED = 3, "done, but calls were left that are not by design"
    INPUT = 4, "an input could not be processed"
    VERIFY = 5, "verification failed, or the tool's own check stopped a conversion"
    INTERNAL = 70, "an error that nobody foresaw, with one line on how to report it"
    INTERRUPTED = 130, "interrupted; nothing was left half-written"


class InputError(Exception):
    """An input cannot be processed. The message is one line and says what to do; exit code 4."""

    code: ClassVar[ExitCode] = ExitCode.INPUT


class UsageError(InputError):
    """The command line asks for what there is not, or for what goes not together; exit code 2."""

    code: ClassVar[ExitCode] = ExitCode.USAGE


class UnprovenError(InputError):
    """What is made only with its proof could not be proven; exit code 5."""

    code: ClassVar[ExitCode] = ExitCode.VERIFY
