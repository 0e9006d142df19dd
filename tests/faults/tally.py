# SPDX-License-Identifier: GPL-2.0-only
"""What became of faults: counted by kind, and each wrong end with the command that shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from faults.calls import Outcome

COLUMNS = ("faults", "all old", "all new", "mixed, told", "mixed, untold", "lost", "lies", "left",
           "tracebacks", "exit 70", "hangs")
"""The last seven are what must be 0."""
WRONG = COLUMNS[4:]


@dataclass
class Tally:
    """Counts by command and kind of fault; `wrong` says of each wrong end how to see it again."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take the counts of another."""
        self.counts.update(other.counts)
        self.wrong += other.wrong

    def say(self, command: str, kind: str, columns: Iterable[str], how: str,
            why: Iterable[str]) -> None:
        """Count one fault: the columns it belongs to; why, if one of them is wrong."""
        found = set(columns)
        self.counts[command, kind, "faults"] += 1
        for column in found:
            self.counts[command, kind, column] += 1
        if not found.isdisjoint(WRONG):
            names = ", ".join(one for one in WRONG if one in found)
            self.wrong.append(f"{command}, {kind}: {names}: {how}\n    "
                              + "\n    ".join(dict.fromkeys(why)))

    @property
    def total(self) -> int:
        """How many faults there were."""
        return sum(number for (_, _, column), number in self.counts.items() if column == "faults")

    def sum(self, column: str) -> int:
        """How many are in a column."""
        return sum(number for (_, _, one), number in self.counts.items() if one == column)

    def table(self, order: Sequence[str] = ()) -> list[str]:
        """The table, a line a command and kind, and the sum."""
        rows = list(dict.fromkeys((command, kind) for command, kind, _ in self.counts))
        rows.sort(key=lambda row: (order.index(row[0]) if row[0] in order else 99, row))
        lines = [f"| command | fault | {' | '.join(COLUMNS)} |",
                 "| --- | --- |" + " ---: |" * len(COLUMNS)]
        lines += [f"| {command} | {kind} | " + " | ".join(
            str(self.counts[command, kind, column]) for column in COLUMNS) + " |"
            for command, kind in rows]
        lines.append("| all | | " + " | ".join(str(self.sum(one)) for one in COLUMNS) + " |")
        return lines


def bad_ends(done: Outcome, what: str) -> list[tuple[str, str]]:
    """What no run may do, whatever the fault: a traceback, exit 70, no end."""
    found = []
    if "Traceback (most recent call last)" in done.text:
        found.append(("tracebacks", f"{what}: traceback: {done.err.strip().splitlines()[-1:]}"))
    if done.code == 70:
        found.append(("exit 70", f"{what}: {done.err.strip()[-300:]}"))
    if done.code is None:
        found.append(("hangs", f"{what}: no end"))
    return found
