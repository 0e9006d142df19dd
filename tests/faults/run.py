# SPDX-License-Identifier: GPL-2.0-only
"""`make faults`: kill the tool, fill its disk and race it, and see what is left.

    run.py [--short] [--less N] [--seed N] [--only TEXT] [--jobs N] [--docs]

strace ends the tool at a call that changes a file, or lets that call fail, alone or with all that
come after it; a person or a second `apply` comes in between two calls. Then a judge that reads
only bytes decides: the driver is all old or all new, or it is mixed and every command says so,
changes nothing and names `apply --resume` and `apply --abort`, which both do what they say. A run
says nothing that is not so, leaves no file of its own, no traceback, and comes to its end. Exit
code 1 if one does not. --docs writes the table into docs/faults.md.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from faults import applied, document, inside, races, written  # noqa: E402
from faults.applied import API, KINDS, READERS, Ground  # noqa: E402
from faults.calls import Fault, scratch  # noqa: E402
from faults.drivers import DRIVER, SIZES  # noqa: E402
from faults.states import Saved  # noqa: E402
from faults.tally import Tally  # noqa: E402

ORDER = ("apply", "apply, from a shell", "apply --resume", "apply --abort", "review --apply",
         *(job.name for job in written.JOBS))
_SHORT = ("format-patch", "review, its answers", "diff --report", "api sync",
          "kernel fetch --refresh")


@dataclass(frozen=True)
class Work:
    """Some faults that one process tries."""

    name: str
    do: Callable[[Path, Tally, random.Random], None]


class AtCalls:
    """Faults of a kind at each `every`th call of what edits a driver."""

    def __init__(self, command: str, kind: str, size: int, seed: int, every: int) -> None:
        self.command, self.kind, self.size = command, kind, size
        self.seed, self.every = seed, every

    def __call__(self, work: Path, tally: Tally, rng: random.Random) -> None:
        ground = Ground(work, self.size, self.seed)
        words, stdin, start = READERS["apply"], "", None
        if self.command == "review --apply":
            words, stdin = ("review", *API, DRIVER, "--apply"), "y\n" * 60
        if self.command in ("apply --resume", "apply --abort"):
            words = ("apply", self.command.split()[1], DRIVER)
            start = half(ground)
            if start is None:
                return
        applied.at_each_call(ground, words, self.command, self.kind, tally, stdin, start,
                             self.every, rng.randrange(self.every))


class AtOutput:
    """Faults of a kind at each `every`th call of what writes beside a tree."""

    def __init__(self, job: int, kind: str, every: int) -> None:
        self.job, self.kind, self.every = job, kind, every

    def __call__(self, work: Path, tally: Tally, rng: random.Random) -> None:
        written.at_each_call(written.JOBS[self.job], work, self.kind, tally, self.every,
                             rng.randrange(self.every))


class Children:
    """What `kernel fetch` runs, when it is killed."""

    def __call__(self, work: Path, tally: Tally, rng: random.Random) -> None:
        for step in ("tar", "dpkg", "apt-helper"):
            written.children(work / step, tally, step)


class Race:
    """Races and kills at random times, `count` of each kind."""

    def __init__(self, kind: str, size: int, seed: int, count: int) -> None:
        self.kind, self.size, self.seed, self.count = kind, size, seed, count

    def __call__(self, work: Path, tally: Tally, rng: random.Random) -> None:
        ground = Ground(work, self.size, self.seed)
        if self.kind == "kill":
            races.killed(ground, tally, rng, self.count)
        elif self.kind == "twice":
            races.twice(ground, tally, rng, self.count)
        else:
            races.edited(ground, self.kind, tally, rng, self.count)


def half(ground: Ground) -> Saved | None:
    """The place after a kill between two renames; None where that is not told."""
    _, found = inside.record(READERS["apply"], ground.shell)
    ground.saved.put_back()
    renames = [one for one in found if one.name.startswith("rename")
               and str(ground.tree) in one.said]
    if len(renames) < 2:
        return None
    inside.run(READERS["apply"], ground.shell, Fault("signal=KILL", renames[-1]))
    told = applied.tells(inside.tool(READERS["diff"], ground.shell))
    return Saved.of(ground.work / "place", ground.work / "half") if told else None


def everything(seed: int, less: int) -> list[Work]:
    """All of it, more than a thousand; or one of `less`."""
    found = [Work(f"apply, {kind}, {size} files",
                  AtCalls("apply", kind, size, seed, less if kind == "SIGKILL" else 2 * less))
             for kind in KINDS for size in SIZES]
    found += [Work(f"{command}, {kind}", AtCalls(command, kind, size, seed + 1, less))
              for command in ("apply --resume", "apply --abort") for size in (3, 6)
              for kind in ("SIGKILL", "SIGTERM", "ENOSPC once", "EIO from there on")]
    found += [Work(f"review --apply, {kind}", AtCalls("review --apply", kind, 4, seed + 2,
                                                        4 * less))
              for kind in ("SIGKILL", "SIGINT", "EIO once", "ENOSPC from there on")]
    found += [Work(f"race: {kind}, {size} files", Race(kind, size, seed, -(-24 // less)))
              for kind in (*races.EDITS, "twice", "kill") for size in (2, 4, 6)]
    for number, job in enumerate(written.JOBS):
        every = less * (8 if "format-patch" in job.name or job.name == "review -o" else 1)
        found += [Work(f"{job.name}, {kind}", AtOutput(number, kind, every if kind == "SIGKILL"
                                                       else every * 2))
                  for kind in ("SIGKILL", "SIGTERM", "ENOSPC from there on", "EIO once")]
    found.append(Work("kernel fetch, its children", Children()))
    return found


def short(seed: int) -> list[Work]:
    """What CI runs: some of each."""
    found = [Work(f"apply, {kind}", AtCalls("apply", kind, 3, seed, every))
             for kind, every in (("SIGKILL", 4), ("EIO from there on", 9), ("SIGINT", 12))]
    found += [Work(f"race: {kind}", Race(kind, 2, seed, 2))
              for kind in (*races.EDITS, "twice", "kill")]
    found += [Work(job.name, AtOutput(number, "SIGKILL", 60 if "format-patch" in job.name else 20))
              for number, job in enumerate(written.JOBS) if job.name in _SHORT]
    return found


def tried(work: Work, seed: int) -> Tally:
    """What became of some faults."""
    tally = Tally()
    with scratch() as folder:
        place = Path(folder).resolve() / "work"
        try:
            work.do(place, tally, random.Random(f"{seed} {work.name}"))
        except RuntimeError as error:
            tally.wrong.append(f"{work.name}: {error}")
    return tally


def main() -> int:
    """Try them; 1 if one ends wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="some of each, in half a minute")
    parser.add_argument("--less", type=int, default=1, metavar="N", help="one fault of N (1)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="TEXT", help="those with this in their name")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--docs", action="store_true", help="write the table to docs/faults.md")
    options = parser.parse_args()
    if shutil.which("strace") is None:
        print("make faults needs strace (apt: strace)", file=sys.stderr)
        return 2
    inside.load()
    begun = time.monotonic()
    found = short(options.seed) if options.short else everything(options.seed, options.less)
    works = [one for one in found if options.only in one.name]
    whole = Tally()
    with ProcessPoolExecutor(options.jobs) as pool:
        waiting = {pool.submit(tried, one, options.seed): one for one in works}
        for number, done in enumerate(as_completed(waiting), 1):
            part = done.result()
            whole.add(part)
            print(f"{number} of {len(works)}: {waiting[done].name}: {part.total} faults, "
                  f"{len(part.wrong)} wrong", file=sys.stderr, flush=True)
            for one in part.wrong:
                print(f"wrong: {one}", flush=True)
    table = whole.table(ORDER)
    print("\n".join(table))
    print(f"{whole.total} faults, {len(whole.wrong)} end wrong, seed {options.seed}, "
          f"{time.monotonic() - begun:.0f} s")
    if options.docs:
        document.write("faults", table, f"{whole.total} faults, of which {len(whole.wrong)} end "
                       f"wrong; seed {options.seed}")
    return bool(whole.wrong)


if __name__ == "__main__":
    sys.exit(main())
