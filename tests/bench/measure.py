# SPDX-License-Identifier: GPL-2.0-only
"""A command run and measured, several in turn, and what many runs of one come to."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOOL = str(Path(sys.executable).parent / "netmem-migrate")
LIMIT = 1800
"""Seconds after which a command is killed."""
# Done, differences where asked, done but calls were left.
_DONE = (0, 1, 3)


class Failed(Exception):
    """A part that cannot be measured, and why."""


class LeftOut(Failed):
    """A part whose peer is not installed."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took. `seconds` is wall time; `cpu` is user and system time of it and all
    that it ran, `children` that of what it ran and waited for; `memory` is the largest resident set
    of any one of these processes, in bytes."""

    seconds: float
    cpu: float
    children: float
    memory: int
    code: int


def run(words: Sequence[str], *, cwd: Path, cache: Path | None = None, out: Path | None = None,
        limit: int = LIMIT, done: Sequence[int] = _DONE) -> Run:
    """Run a command, its output to a file. Raises Failed unless its exit code is one of `done`."""
    env = dict(os.environ, NO_COLOR="1", LC_ALL="C.UTF-8")
    if cache is not None:
        env["XDG_CACHE_HOME"] = str(cache)
    reads, writes = os.pipe()
    with tempfile.TemporaryFile() as said, (out or Path(os.devnull)).open("wb") as file:
        subprocess.run([sys.executable, "-I", "-S", str(HERE / "spawn.py"), str(writes),
                        str(limit), *words], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                       stdout=file, stderr=said, pass_fds=(writes,), check=False)
        os.close(writes)
        with open(reads, encoding="utf-8") as report:  # noqa: PTH123
            text = report.read()
        said.seek(0)
        last = said.read().decode("utf-8", "replace").strip().splitlines()[-1:]
    what = f"{Path(words[0]).name} {' '.join(words[1:])}"[:100]
    if not text:
        raise Failed(f"{what}: could not be run: {''.join(last)}")
    result = Run(**json.loads(text))
    if result.code == -9 and result.seconds >= limit:
        raise Failed(f"{what}: not done in {limit} s")
    if result.code not in done:
        raise Failed(f"{what}: exit code {result.code}: {''.join(last)}")
    return result


class Cache:
    """Folders for the tool's cache; each `new` one is empty."""

    def __init__(self, room: Path) -> None:
        self._room = room
        self.folder = self.new()

    def new(self) -> Path:
        """An empty one, which becomes the current one."""
        self.folder = Path(tempfile.mkdtemp(prefix="cache-", dir=self._room))
        return self.folder


class Tool:
    """The tool in one folder, with a cache of its own and its output in a file. `limit` is how many
    seconds it may take."""

    def __init__(self, room: Path, cwd: Path, limit: int = LIMIT) -> None:
        self._cwd = cwd
        self._out = room / "out"
        self._cache = Cache(room)
        self._limit = limit

    def cold(self, *words: str) -> Run:
        """Run it with an empty cache."""
        self._cache.new()
        return self.warm(*words)

    def warm(self, *words: str) -> Run:
        """Run it with the cache as the last run left it."""
        return run([TOOL, *words], cwd=self._cwd, cache=self._cache.folder, out=self._out,
                   limit=self._limit)


def bare(files: Iterable[Path], room: Path) -> Run:
    """A bare parse of files in one process; `seconds` leaves out the start of Python."""
    names, out = room / "names", room / "took"
    names.write_text("".join(f"{file}\n" for file in files), encoding="utf-8")
    result = run([sys.executable, str(HERE / "bare.py"), str(names)], cwd=room, out=out)
    return Run(float(out.read_text()), result.cpu, result.children, result.memory, result.code)


def bare_process(files: Iterable[Path], room: Path) -> Run:
    """The same; `seconds` are those of the whole process."""
    names = room / "names"
    names.write_text("".join(f"{file}\n" for file in files), encoding="utf-8")
    return run([sys.executable, str(HERE / "bare.py"), str(names)], cwd=room)


def in_turn(number: int, actions: Mapping[str, Callable[[], Run]],
            tell: Callable[[str], None]) -> dict[str, list[Run]]:
    """Run each of some actions, in order, then all of them again, so that drift hits each."""
    runs: dict[str, list[Run]] = {name: [] for name in actions}
    for _ in range(number):
        for name, action in actions.items():
            runs[name].append(action())
            tell(f"{name}: {runs[name][-1].seconds:.2f} s, "
                 f"{runs[name][-1].memory / 1e6:.0f} MB")
    return runs


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values, the least and the greatest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Of at least one value."""
        some = sorted(values)
        return cls(statistics.median(some), some[0], some[-1])

    def text(self, unit: str) -> str:
        """The median, and the two others where they differ from it."""
        middle = f"{number(self.median)}{unit}"
        if number(self.low) == number(self.high):
            return middle
        return f"{middle} ({number(self.low)} to {number(self.high)})"


def number(value: float) -> str:
    """Three digits that count, no exponent."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def seconds(runs: Iterable[Run]) -> Spread:
    """Of their wall time."""
    return Spread.of(one.seconds for one in runs)


def ratios(runs: Sequence[Run], peers: Sequence[Run]) -> Spread:
    """Of their wall times to those of their peers, each to the one of the same round."""
    return Spread.of(one.seconds / peer.seconds
                     for one, peer in zip(runs, peers, strict=True))
