# SPDX-License-Identifier: GPL-2.0-only
"""`make mutants`: what compiled and is changed by `diff` must compile after it.

    run.py [--count N] [--real N] [--seed N] [--operator NAME] [--driver NAME]
           [--kernel VERSION] [--show FOLDER]

Each operator (operators.py) spells a place of a driver another way, or adds a use of what holds
a page. Counted is a mutant that compiled before and that the tool changes: after that it has to
compile, with netmem_ref as an integer and as a pointer of its own, and on both sides of each `#if`
that the mutant brings. Operators take turns, at places in an order that --seed decides, and two are
combined where one alone has no place left. --real of the mutants are of drivers of a fetched and
prepared kernel, the others of the corpus. Exit code 1 if one does not compile after, or the tool
ends in an error that nobody foresaw.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import traceback
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from mutants.operators import DEFINED, OPERATORS, Mutant  # noqa: E402
from mutants.places import File  # noqa: E402
from mutants.subjects import Subject, converting, own, own_names, real  # noqa: E402

from netmem_migrate.errors import InputError  # noqa: E402
from netmem_migrate.kernel.fetch import pick  # noqa: E402

Counts = Counter[tuple[str, str]]


@dataclass
class Tally:
    """What became of mutants, by operator; `faults` are those that do not compile after."""

    counts: Counts = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take the counts of another."""
        self.counts.update(other.counts)
        self.faults += other.faults


@dataclass(frozen=True)
class Trial:
    """One mutant of a subject: by which operators, which file, and which text."""

    operators: tuple[str, ...]
    file: str
    mutant: Mutant


def trials(subject: Subject, names: tuple[str, ...], file: str, text: bytes,
           seen: set[bytes]) -> Iterator[Trial]:
    """The mutants of one file by one operator, those that were seen left out."""
    for mutant in OPERATORS[names[-1]](File(text, subject.members)):
        key = mutant.text + b"".join(mutant.beside.values())
        if key not in seen and mutant.text != subject.files[file]:
            seen.add(key)
            yield Trial(names, file, mutant)


def judge(subject: Subject, trial: Trial, tally: Tally, show: Path | None) -> bool:
    """Try one mutant; whether it counts."""
    files = {**subject.files, trial.file: trial.mutant.text, **trial.mutant.beside}
    flags: list[tuple[str, ...]] = [(), DEFINED] if trial.mutant.arms else [()]
    subject.write(files)

    def say(what: str) -> None:
        for name in trial.operators:
            tally.counts[name, what] += 1

    def fault(what: str) -> None:
        say("wrong")
        tally.faults.append(f"{subject.name}/{trial.file}: {' + '.join(trial.operators)}: {what}")
        if show is not None:
            place = show / f"{len(list(show.iterdir())):04d}"
            place.mkdir()
            for name, text in files.items():
                (place / name).write_bytes(text)
            (place / "WHY").write_text(tally.faults[-1] + "\n")

    say("made")
    if any(subject.errors(one, strict=False) for one in flags):
        return False
    say("compiled")
    try:
        run = subject.convert()
    except InputError:
        return False
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        fault(f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}")
        return False
    if run.stopped:
        say("stopped")
    after = {Path(change.path).name: change.after for one in run.drivers for change in one.changes}
    if not after:
        return False
    say("changed")
    # The text before is what errors in a mutant's own netmem code are held against.
    subject.write({**files, **after})
    wrong = next((text for strict in (False, True) for one in flags
                  if (text := subject.errors(one, strict=strict))), "")
    if wrong:
        subject.write(files)
        if any(subject.errors(one, strict=True) for one in flags):
            return False
        fault(wrong)
    return True


def shuffled(rng: random.Random, found: list[Trial]) -> list[Trial]:
    """The same trials in another order."""
    rng.shuffle(found)
    return found


def turns(found: list[Trial]) -> Iterator[Trial]:
    """The first trial of each operator, then the second of each, and so on."""
    queues: dict[str, deque[Trial]] = {}
    for one in found:
        queues.setdefault(one.operators[-1], deque()).append(one)
    while queues:
        for name in list(queues):
            yield queues[name].popleft()
            if not queues[name]:
                del queues[name]


def every(name: str, root: Path | None, want: int, seed: int, only: tuple[str, ...],
          show: Path | None) -> Tally:
    """Mutants of one driver, each operator in turn, then pairs of operators, until `want` count."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        subject = own(name, Path(scratch)) if root is None else real(name, root, Path(scratch))
        if subject is None:
            return tally
        rng = random.Random(f"{seed} {name}")
        seen: set[bytes] = set()
        first: list[Trial] = []
        for operator in only:
            first += shuffled(rng, [
                trial for file, text in subject.files.items()
                for trial in trials(subject, (operator,), file, text, seen)])
        counted = 0
        for trial in turns(first):
            if counted >= want:
                break
            counted += judge(subject, trial, tally, show)
        tries = 0
        while root is None and counted < want and first and tries < 40 * want:
            tries += 1
            base = rng.choice(first)
            operator = rng.choice(only)
            found = [] if base.mutant.beside else list(trials(
                subject, (*base.operators, operator), base.file, base.mutant.text, seen))
            if not found:
                continue
            one = rng.choice(found)
            both = Mutant(one.mutant.text, one.mutant.beside, one.mutant.arms or base.mutant.arms)
            counted += judge(subject, Trial(one.operators, one.file, both), tally, show)
        tally.counts["", "counted"] += counted
    return tally


def print_table(tally: Tally) -> None:
    """A line an operator: mutants made, compiled before, changed, stopped, wrong after."""
    columns = ("made", "compiled", "changed", "stopped", "wrong")
    print("| operator | made | compiled before | changed | stopped | wrong after |\n"
          "| --- |" + " ---: |" * len(columns))
    for name in OPERATORS:
        numbers = " | ".join(str(tally.counts[name, one]) for one in columns)
        print(f"| {name} | {numbers} |")


def main() -> int:
    """Try them; 1 if one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10000, help="mutants that count (10000)")
    parser.add_argument("--real", type=int, default=300, help="of these, of real drivers (300)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--operator", action="append", choices=list(OPERATORS))
    parser.add_argument("--driver", action="append", help="this driver only, by name or folder")
    parser.add_argument("--kernel", help="a release that `kernel fetch` got (the newest)")
    parser.add_argument("--show", type=Path, help="leave what is wrong in this folder")
    options = parser.parse_args()
    only = tuple(options.operator or OPERATORS)
    if options.show is not None:
        options.show.mkdir(parents=True, exist_ok=True)
    jobs: list[tuple[str, Path | None, int]] = []
    if options.real:
        root = pick(options.kernel).root
        folders = converting(root)
        jobs += [(one, root, -(-options.real // len(folders))) for one in folders]
    names = own_names()
    if options.count > options.real:
        jobs += [(one, None, -(-(options.count - options.real) // len(names))) for one in names]
    jobs = [one for one in jobs if not options.driver or one[0] in options.driver]
    whole = Tally()
    with ProcessPoolExecutor() as pool:
        waiting = {pool.submit(every, *job, options.seed, only, options.show): job for job in jobs}
        for number, done in enumerate(as_completed(waiting), 1):
            part = done.result()
            whole.add(part)
            print(f"{number} of {len(jobs)}: {waiting[done][0]}: {part.counts['', 'counted']} "
                  f"counted, {len(part.faults)} wrong", file=sys.stderr, flush=True)
    print_table(whole)
    for fault in whole.faults:
        print(f"wrong: {fault}")
    print(f"{whole.counts['', 'counted']} mutants compiled before and were changed; "
          f"{len(whole.faults)} wrong")
    return bool(whole.faults)


if __name__ == "__main__":
    sys.exit(main())
