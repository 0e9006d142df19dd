# SPDX-License-Identifier: GPL-2.0-only
"""Progress of a long task on stderr: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.escape import shown, shown_text
from netmem_migrate.terminal.say import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

# Seconds between two plain lines of one step, so that a log is not flooded.
_EVERY = 10.0


class Silent:
    """Says nothing, as the others do where they have nothing to add."""

    def step(self, title: str) -> None:
        """Begin a step."""

    def at(self, fraction: float | None, detail: str = "") -> None:
        """How far the step is."""

    def number(self, name: str, number: int, count: int) -> None:
        """Which of how many things is begun."""
        self.at(None if count == 1 else (number - 1) / count,
                name if count == 1 else f"{number} of {count}: {name}")

    def note(self, text: str) -> None:
        """Say something that stays."""


class Plain(Silent):
    """A line when a step begins, when it ends, and now and then between."""

    def __init__(self) -> None:
        """Start the clock."""
        self._title = ""
        self._began = self._said = 0.0

    def step(self, title: str) -> None:
        """Begin a step; the one before it is done."""
        self.end()
        self._title = title
        self._began = self._said = time.monotonic()
        say(f"{title} ...")

    def at(self, fraction: float | None, detail: str = "") -> None:
        """How far the step is."""
        now = time.monotonic()
        if fraction is not None and now - self._said >= _EVERY:
            self._said = now
            say(f"{self._title}: {fraction:.0%}")

    def note(self, text: str) -> None:
        """Say something that stays."""
        self.end()
        say(text)

    def end(self, done: bool = True) -> None:
        """The step, if there is one, is over."""
        if self._title and done:
            say(f"{self._title}: {time.monotonic() - self._began:.0f} s")
        self._title = ""


class Live(Silent):
    """One live line: a bar where the share is known, the last thing done where it is not."""

    def __init__(self, console: Console, bars: Bars) -> None:
        """Draw on `console`, through `bars`."""
        self._console = console
        self._bars = bars
        self._task: TaskID | None = None

    def step(self, title: str) -> None:
        """Begin a step; the one before it is done."""
        self.end()
        self._task = self._bars.add_task(title, total=None, detail="")

    def at(self, fraction: float | None, detail: str = "") -> None:
        """How far the step is."""
        if self._task is None:
            return
        if fraction is None:
            self._bars.update(self._task, detail=shown(detail))
        else:
            self._bars.update(self._task, total=1.0, completed=fraction, detail=shown(detail))

    def note(self, text: str) -> None:
        """Say something that stays."""
        self._console.print(shown_text(text), highlight=False, markup=False, soft_wrap=True)

    def end(self) -> None:
        """The step, if there is one, is over."""
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None


@contextlib.contextmanager
def progress(quiet: bool = False) -> Iterator[Silent | Plain | Live]:
    """Progress that fits where stderr goes."""
    if quiet:
        yield Silent()
    elif not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        plain = Plain()
        try:
            yield plain
        except BaseException:
            plain.end(done=False)
            raise
        plain.end()
    else:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars
        from rich.table import Column

        console = Console(stderr=True)
        text = Column(no_wrap=True, overflow="ellipsis", ratio=1)
        with Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}", markup=False, table_column=text),
            console=console,
            transient=True,
        ) as bars:
            yield Live(console, bars)


@contextlib.contextmanager
def live(quiet: bool = False) -> Iterator[Silent | Plain | Live]:
    """Progress on a terminal only: what takes seconds is worth no line in a log."""
    with progress(quiet=quiet or not sys.stderr.isatty()) as shown:
        yield shown
