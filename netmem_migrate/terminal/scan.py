# SPDX-License-Identifier: GPL-2.0-only
"""What `scan` prints: the drivers of a run, one after the other, and what is next for each.

A column is shown whole or not at all, and a line says which are not. What is longer than the
terminal goes on in the next line, at a word.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

from netmem_migrate.escape import shown
from netmem_migrate.model.spelled import POOL
from netmem_migrate.reasons import Class
from netmem_migrate.report import wording
from netmem_migrate.report.nearest import ORDER, Near, Totals
from netmem_migrate.report.requirements import words
from netmem_migrate.report.share import by_class
from netmem_migrate.results import Run, Standing
from netmem_migrate.terminal.paint import BOLD
from netmem_migrate.terminal.screen import Screen
from netmem_migrate.terminal.summary import plural

_GAP = "  "
_BLANK = "\0"
_BELOW = 4  # blanks before what goes on below a line

# What each column of numbers is, as far as its title does not say; `left` are the four behind.
_NUMBERS = ("unmet", "left", "calls", "convert", *(one.value for one in Class))
_KEPT = 2  # of these, the ones that are always shown


@dataclass(frozen=True, slots=True)
class Width:
    """How wide what stdout goes to is; `columns` is None where that is no terminal."""

    columns: int | None

    @classmethod
    def standard(cls) -> Width:
        """That of the terminal, if stdout is one."""
        return cls(shutil.get_terminal_size().columns if sys.stdout.isatty() else None)

    def wrapped(self, text: str, indent: int = 0, below: int = _BELOW, end: str = "") -> list[str]:
        """A text in lines that fit, but for words that are longer; `end` stands where one is cut.
        """
        first, then = " " * indent, " " * (indent + below)
        if self.columns is None:
            return [first + text]
        lines = textwrap.wrap(text, max(self.columns - len(end), 20), initial_indent=first,
                              subsequent_indent=then, break_long_words=False,
                              break_on_hyphens=False) or [first]
        return [*(line + end for line in lines[:-1]), lines[-1]]

    def command(self, text: str, indent: int) -> Iterator[str]:
        """A command, which stays one to a shell where it is cut; its last two words are an option
        and the value of that."""
        # A word that has blanks, and an option with its value, are not cut.
        *words, option, value = (shlex.quote(one) for one in shlex.split(text))
        glued = " ".join(one.replace(" ", _BLANK) for one in (*words, f"{option} {value}"))
        yield from (line.replace(_BLANK, " ") for line in self.wrapped(glued, indent, end=" \\"))


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    verdict: str
    numbers: tuple[str, ...]
    said: str = ""
    command: str = ""

    @property
    def next(self) -> str:
        """What is next: a command is the end of it."""
        return f"{self.said} {self.command}".strip()


def printed(run: Run, found: Sequence[Near], totals: Totals, width: Width,
            screen: Screen, more: Sequence[str] = ()) -> Iterator[str]:
    """The drivers of a run, and what they come to; `more` are arguments of commands to type."""
    head = _Row("driver", "verdict", _NUMBERS, "next")
    rows = [_row(one, run.root, more) for one in found]
    last = _Row("all", "", _summed(totals))
    yield from width.wrapped(f"{plural(totals.drivers, 'driver')}, {ORDER}.", below=0)
    yield ""
    yield from _table(head, rows, last, width, screen)
    yield ""
    yield from _unmet(totals, width)


def _row(one: Near, root: Path, more: Sequence[str]) -> _Row:
    report = one.report
    kept = by_class(report.sites)
    numbers = (len(one.unmet) if report.requirements else "-", one.left, len(report.sites),
               len(report.sites) - kept.total(), *(kept[class_] for class_ in Class))
    path = typed(root, report.path)
    command = one.next.command(path, more)
    return _Row(shown(report.path), wording.verdict(report.verdict), tuple(map(str, numbers)),
                shown(one.next.text(path, more).removesuffix(command).strip()), shown(command))


def _summed(totals: Totals) -> tuple[str, ...]:
    return tuple(map(str, ("", totals.left, totals.calls, totals.converted,
                           *(totals.classes[class_] for class_ in Class))))


def typed(root: Path, path: str) -> str:
    """How a driver is called from where one is: below that by the way from it, else in full."""
    full = root if path == "." else root / path
    here = Path.cwd().resolve()
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(full)


def _table(head: _Row, rows: Sequence[_Row], last: _Row, width: Width,
           screen: Screen) -> Iterator[str]:
    every = [head, *rows, last]
    names, verdicts = (max(cell_len(getattr(one, which)) for one in every)
                       for which in ("name", "verdict"))
    sizes = [max(len(one.numbers[place]) for one in every) for place in range(len(_NUMBERS))]
    number = len(_NUMBERS)

    def size() -> int:
        return names + len(_GAP) + verdicts + sum(len(_GAP) + one for one in sizes[:number])

    while width.columns is not None and number > _KEPT and size() > width.columns:
        number -= 1
    # A name that leaves no room for the rest stands in a line of its own.
    alone = width.columns is not None and size() > width.columns
    if alone:
        names = _BELOW - len(_GAP)
        number = len(_NUMBERS)
        while width.columns is not None and number > _KEPT and size() > width.columns:
            number -= 1
    beside = width.columns is None or size() + len(_GAP) + max(
        cell_len(one.next) for one in rows) <= width.columns

    def lines(row: _Row) -> Iterator[str]:
        if alone:
            yield row.name
        name = "" if alone else row.name
        parts = [name + " " * (names - cell_len(name)), row.verdict.ljust(verdicts),
                 *(one.rjust(size) for one, size in zip(row.numbers[:number], sizes, strict=False))]
        yield _GAP.join([*parts, *([row.next] if beside else [])]).rstrip()

    yield from (screen.style(one, BOLD) for one in lines(head))
    for row in rows:
        yield from lines(row)
        if not beside:
            yield from _below(row, width)
    yield from lines(last)
    if number < len(_NUMBERS):
        yield from width.wrapped(
            f"Not shown, too wide for {width.columns} columns: "
            f"{', '.join(_NUMBERS[number:])}.", below=0)


def _below(row: _Row, width: Width) -> Iterator[str]:
    """What is next, below the line of a driver; a command that is cut stays one to a shell."""
    whole = width.wrapped(row.next, 2)
    if not row.command or len(whole) == 1:
        yield from whole
        return
    yield from width.wrapped(row.said, 2)
    yield from width.command(row.command, 4)


def _unmet(totals: Totals, width: Width) -> Iterator[str]:
    """How many drivers lack each requirement."""
    lacking = [(counts[Standing.UNMET], key) for key, counts in totals.requirements.items()
               if counts[Standing.UNMET]]
    if not lacking:
        return
    yield from width.wrapped(f"Unmet in how many of the {totals.judged} that create a {POOL}:",
                             below=0)
    for number, key in lacking:
        yield from width.wrapped(f"{number:4}  {words(key)}", 0, below=6)
