# SPDX-License-Identifier: GPL-2.0-only
"""Where a review is shown and answered: a terminal as git uses it, or pipes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.escape import shown_text
from netmem_migrate.git.run import program
from netmem_migrate.terminal import paint

_OWN_LINES = 2


@dataclass(frozen=True, slots=True)
class Screen:
    """`colour` allows ANSI colours, `paged` a pager for what is longer than the terminal."""

    folder: Path
    colour: bool
    paged: bool

    @classmethod
    def standard(cls, folder: Path) -> Screen:
        """stdin and stdout; colours on a terminal, unless NO_COLOR is set."""
        terminal = sys.stdout.isatty()
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        return cls(folder, terminal and not dumb and not os.environ.get("NO_COLOR"),
                   terminal and sys.stdin.isatty() and not dumb)

    def style(self, text: str, colour: str) -> str:
        """Text in a colour, where colours are allowed."""
        return paint.paint(text, colour) if self.colour else text

    def say(self, text: str, colour: str = "") -> None:
        """Print a line."""
        text = shown_text(text)
        self.write((self.style(text, colour) if colour else text) + "\n")

    def error(self, text: str) -> None:
        """Print a line about an answer that cannot be followed."""
        self.say(text, paint.ERROR)

    def write(self, text: str) -> None:
        """Print text as it is; what is not ours has to be shown already (escape.py)."""
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()

    def ask(self, question: str) -> str | None:
        """One line of answer without its end; None at the end of the input."""
        self.write(self.style(question, paint.PROMPT) + " ")
        line = sys.stdin.readline()
        if not line:
            self.write("\n")
            return None
        if not sys.stdin.isatty():
            self.write(shown_text(line if line.endswith("\n") else line + "\n"))
        return line.strip("\r\n")

    def show(self, text: str) -> None:
        """Print text, through git's pager where it is longer than the terminal."""
        height = shutil.get_terminal_size().lines - _OWN_LINES
        pager = self._pager() if self.paged and text.count("\n") > height else ""
        if pager in ("", "cat"):
            self.write(text)
            return
        sys.stdout.flush()
        environment = {"LESS": "FRX", "LV": "-c"} | dict(os.environ)
        # Ctrl-C is for the pager alone, as below git; a handler, unlike SIG_IGN, is not inherited.
        old = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            process = subprocess.Popen(pager, shell=True, stdin=subprocess.PIPE, env=environment)
            with contextlib.suppress(BrokenPipeError):
                process.communicate(text.encode("utf-8", "surrogateescape"))
        finally:
            signal.signal(signal.SIGINT, old)

    def _pager(self) -> str:
        """GIT_PAGER, core.pager, PAGER or less: what git itself would use elsewhere."""
        return program("GIT_PAGER")

    def editor(self) -> str:
        """GIT_EDITOR, core.editor, VISUAL, EDITOR or vi: what git itself would use elsewhere."""
        return program("GIT_EDITOR")
