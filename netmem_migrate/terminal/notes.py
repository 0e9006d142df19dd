# SPDX-License-Identifier: GPL-2.0-only
"""What was left out of the input, said on stderr, each once a run."""

from __future__ import annotations

import logging

from netmem_migrate.files.plain import NOTES
from netmem_migrate.terminal.say import say


class _Stderr(logging.Handler):
    """A line a note."""

    def __init__(self) -> None:
        super().__init__()
        self.said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text not in self.said:
            self.said.add(text)
            say(f"netmem-migrate: note: {text}")


_STDERR = _Stderr()


def begin() -> None:
    """Say notes on stderr from here on, those of an earlier run again."""
    _STDERR.said.clear()
    NOTES.addHandler(_STDERR)
    NOTES.propagate = False
