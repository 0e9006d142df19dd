# SPDX-License-Identifier: GPL-2.0-only
"""How a command ends: its exit code, and the one line that says why."""

from __future__ import annotations


class ExitCode:
    """Exit codes of every command (design contract 4); 2 is click's usage error."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    REFUSED = 3
    INPUT = 4
    VERIFY = 5


class InputError(Exception):
    """An input cannot be processed. The message is one line and says what to do; exit code 4."""
