# SPDX-License-Identifier: GPL-2.0-only
"""What a part of the benchmark found, as a table, and its place in docs/speed.md."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/speed.md"
_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Limit:
    """What a figure must not exceed, or where `least`, must reach."""

    value: float
    unit: str = "x"
    least: bool = False

    def text(self, figure: float) -> str:
        """The limit, and whether the figure keeps it."""
        kept = figure >= self.value if self.least else figure <= self.value
        bound = "at least" if self.least else "at most"
        return f"{bound} {self.value:g}{self.unit}{'' if kept else ', **missed**'}"


@dataclass(frozen=True, slots=True)
class Result:
    """A part's table, and the paragraphs of Markdown above and below it."""

    said: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    below: tuple[str, ...] = ()

    @property
    def missed(self) -> int:
        """How many limits are missed."""
        return sum("missed" in cell for row in self.rows for cell in row)

    def lines(self) -> list[str]:
        """All of it, as lines of Markdown."""
        table = [self.columns, tuple("---" for _ in self.columns), *self.rows]
        blocks = [*map(_wrapped, self.said),
                  "\n".join(f"| {' | '.join(line)} |" for line in table),
                  *map(_wrapped, self.below)]
        return "\n\n".join(blocks).splitlines()


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), _WIDTH, break_long_words=False,
                         break_on_hyphens=False)


def machine() -> str:
    """The cores, the processor, and how busy they are."""
    model = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    cores = len(os.sched_getaffinity(0))
    name = model[1].strip() if model is not None else platform.machine()
    return (f"{cores} cores, {name}, Linux {platform.release()}, Python "
            f"{platform.python_version()}, load {os.getloadavg()[0]:.1f} at the start")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def commit() -> str:
    """The revision of the tool, with a mark where its files differ from that."""
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, text=True, capture_output=True,
                              check=False).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "netmem_migrate", "transforms")
    return git("rev-parse", "--short", "HEAD") + (", changed" if changed else "")


def heading(tree: str, busy: str) -> str:
    """Day, revision, kernel and machine, in one line."""
    return f"{datetime.now(UTC):%Y-%m-%d}, revision {commit()}, linux {tree}; {busy}."


def put(text: str, name: str, lines: Sequence[str]) -> str:
    """A page with lines between the two markers of a name. Raises ValueError without them."""
    pattern = re.compile(rf"(<!-- bench: {re.escape(name)} -->\n).*?(<!-- /bench: "
                         rf"{re.escape(name)} -->)", re.DOTALL)
    made = "\n".join(["", *lines, "", ""])
    text, found = pattern.subn(lambda match: match[1] + made + match[2], text)
    if found != 1:
        raise ValueError(f"{found} places for {name}, not one")
    return text


def write(name: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Put lines where docs/speed.md has a place for them."""
    page.write_text(put(page.read_text(encoding="utf-8"), name, lines), encoding="utf-8")
