# SPDX-License-Identifier: GPL-2.0-only
"""`make fuzz`: nothing hurts the tool, and what it changes still compiles.

    run.py [--short] [--hostile N] [--own N] [--real N] [--seed N] [--cli N] [--keep FOLDER]
           [--kernel VERSION] [--jobs N] [--docs]

Hostile are texts, patches, mails, headers and Makefiles with any harm of hostile.py: none may end
in a traceback, in exit code 70 or not at all. That is over 10 seconds of the processor and five
times the bare parse of the same input. --cli of them (and each failing one) go through a real
process as well. The others are mutants of own and --real drivers that compiled before and that
`diff` changes (compiled.py): each must compile after. What fails is made small and kept in a
folder, by default out/fuzz. Exit code 1 if anything does.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from faults import document  # noqa: E402
from fuzz import compiled, hostile, reduce, worker  # noqa: E402
from mutants.subjects import converting, own_names  # noqa: E402

from netmem_migrate.errors import InputError  # noqa: E402
from netmem_migrate.kernel.fetch import pick  # noqa: E402

ENDS = ("traceback", "exit 70", "hang", "control character", "other end")
COLUMNS = ("inputs", "tracebacks", "exit 70", "hangs", "raw control characters", "other ends")
PART = 500


@dataclass
class Found:
    """What became of hostile inputs: counted by kind and harm, and the first of each fault."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    slowest: float = 0.0

    def add(self, other: Found) -> None:
        """Take the counts of another."""
        self.counts.update(other.counts)
        self.slowest = max(self.slowest, other.slowest)
        for key, one in other.wrong.items():
            self.wrong.setdefault(key, one)

    def take(self, seed: str, wrong: str, seconds: float) -> None:
        """Count one input by its seed."""
        one = hostile.make(seed)
        self.slowest = max(self.slowest, seconds)
        for row in (one.kind, one.harm):
            self.counts[row, "inputs"] += 1
        if not wrong:
            return
        end = next((end for end in ENDS if wrong.startswith(end)), "other end")
        for row in (one.kind, one.harm):
            self.counts[row, COLUMNS[ENDS.index(end) + 1]] += 1
        self.wrong.setdefault((one.words[0], worker.same(wrong)), (seed, wrong))


def hostile_part(seed: str, first: int, count: int) -> Found:
    """Some hostile inputs, one after another."""
    found = Found()
    worker.batch(count, lambda number: hostile.make(f"{seed} {first + number}"),
                 lambda number, wrong, seconds: found.take(f"{seed} {first + number}", wrong,
                                                           seconds))
    return found


def by_shell(seed: str) -> str:
    """What is wrong with an input where a real process reads it, "" for nothing."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name).resolve() / "work"
        folder.mkdir()
        one = hostile.make(seed)
        one.place(folder)
        env = os.environ | {"HOME": name, "XDG_CACHE_HOME": f"{name}/.cache", "NO_COLOR": "1",
                            "XDG_STATE_HOME": f"{name}/.state", "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run([sys.executable, "-m", "netmem_migrate", *one.words], cwd=folder,
                                  env=env, input=b"", capture_output=True, timeout=120,
                                  check=False)
        except subprocess.TimeoutExpired:
            return "hang: 120 s"
    return worker.wrong_end(done.returncode, done.stderr.decode("utf-8", "backslashreplace"))


def keep(folder: Path, seed: str, wrong: str, number: int) -> Path:
    """Make a failing input small, and leave it with the command that reads it."""
    one = hostile.make(seed)
    tries = 12 if wrong.startswith("hang") else 300
    text = reduce.smaller(one.text, lambda text: worker.still(replace(one, text=text), wrong),
                          tries)
    place = folder / f"{number:03d}-{one.kind}"
    place.mkdir(parents=True, exist_ok=True)
    replace(one, text=text).place(place)
    (folder / f"{place.name}.txt").write_text(
        f"netmem-migrate {' '.join(one.words)}\n{wrong}\nseed {seed!r}, {len(one.text)} bytes, "
        f"{len(text)} left\n", encoding="utf-8")
    return place


def hostile_table(found: Found) -> list[str]:
    """A line a kind, a line a harm, and the sum."""
    kinds = [one for one in hostile.KINDS if found.counts[one, "inputs"]]
    harms = [one for one in hostile.HARMS if found.counts[one, "inputs"]]
    lines = [f"| hostile inputs | {' | '.join(COLUMNS)} |", "| --- |" + " ---: |" * len(COLUMNS)]
    lines += [f"| {row} | " + " | ".join(str(found.counts[row, one]) for one in COLUMNS) + " |"
              for row in (*kinds, *harms)]
    lines.append("| all | " + " | ".join(
        str(sum(found.counts[row, one] for row in kinds)) for one in COLUMNS) + " |")
    return lines


def compiled_table(rows: dict[str, Counter[str]]) -> list[str]:
    """A line a driver."""
    columns = ("tried", "counted", "wrong")
    lines = ["| driver | tried | compiled before and changed | wrong after |",
             "| --- | ---: | ---: | ---: |"]
    lines += [f"| {name} | " + " | ".join(str(counts[one]) for one in columns) + " |"
              for name, counts in sorted(rows.items())]
    lines.append("| all | " + " | ".join(
        str(sum(counts[one] for counts in rows.values())) for one in columns) + " |")
    return lines


def shares(names: Sequence[str], want: int) -> list[tuple[str, int]]:
    """How many of each driver, in parts that one process does in a few minutes."""
    each = -(-want // len(names)) if names else 0
    return [(name, min(PART, each - done)) for name in names for done in range(0, each, PART)]


def run_hostile(options: argparse.Namespace) -> bool:
    """All hostile inputs; whether one fails."""
    hostile.load()
    whole = Found()
    seed = str(options.seed)
    with ProcessPoolExecutor(options.jobs) as pool:
        parts = [pool.submit(hostile_part, seed, at, min(PART, options.hostile - at))
                 for at in range(0, options.hostile, PART)]
        for number, done in enumerate(as_completed(parts), 1):
            part = done.result()
            for key in part.wrong.keys() - whole.wrong.keys():
                print(f"found: seed {part.wrong[key][0]!r}: {part.wrong[key][1]}", file=sys.stderr)
            whole.add(part)
            print(f"hostile: {number} of {len(parts)} parts, {len(whole.wrong)} kinds of fault",
                  file=sys.stderr, flush=True)
        step = max(1, options.hostile // options.cli) if options.cli else 0
        chosen = [f"{seed} {at}" for at in range(0, options.hostile, step)] if step else []
        shell = [(one, wrong) for one, wrong in zip(chosen, pool.map(by_shell, chosen), strict=True)
                 if wrong]
    for one, wrong in shell:
        key = "shell", worker.same(wrong)
        whole.wrong.setdefault(key, (one, wrong))
    table = hostile_table(whole)
    print("\n".join(table))
    for number, (input_, wrong) in enumerate(whole.wrong.values(), 1):
        place = keep(options.keep, input_, wrong, number)
        print(f"wrong: {wrong}: {' '.join(hostile.make(input_).words)} in {place} "
              f"(seed {input_!r})", flush=True)
    print(f"{options.hostile} hostile inputs, {len(chosen)} of them by a process of their own too; "
          f"{len(whole.wrong)} kinds of fault; the slowest took {whole.slowest:.1f} s")
    if options.docs:
        document.write("hostile", table, f"{options.hostile} hostile inputs, {len(chosen)} of them "
                       f"by a process of their own too; the slowest took {whole.slowest:.1f} s; "
                       f"seed {options.seed}")
    return bool(whole.wrong)


def run_compiled(options: argparse.Namespace) -> bool:
    """All that compiled before; whether one does not after."""
    jobs: list[tuple[str, Path | None, int, str]] = []
    if options.real:
        try:
            root = pick(options.kernel).root
        except InputError as error:
            print(f"wrong: {error}")
            return True
        jobs += [(name, root, want, f"{options.seed}.{at}")
                 for at, (name, want) in enumerate(shares(converting(root), options.real))]
    if options.own:
        jobs += [(name, None, want, f"{options.seed}.{at}")
                 for at, (name, want) in enumerate(shares(own_names(), options.own))]
    rows: dict[str, Counter[str]] = {}
    faults: list[str] = []
    show = options.keep / "compiled"
    show.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.jobs) as pool:
        waiting = {pool.submit(compiled.fuzz, *job, show): job for job in jobs}
        for number, done in enumerate(as_completed(waiting), 1):
            name = waiting[done][0]
            part = done.result()
            counts = rows.setdefault(name, Counter())
            counts.update(tried=part.counts["", "tried"], counted=part.counts["", "counted"],
                          wrong=len(part.faults))
            faults += part.faults
            print(f"compiled: {number} of {len(jobs)}: {name}: {part.counts['', 'counted']} "
                  f"counted, {len(part.faults)} wrong", file=sys.stderr, flush=True)
    table = compiled_table(rows)
    print("\n".join(table))
    for one in faults:
        print(f"wrong: {one}")
    counted = sum(one["counted"] for one in rows.values())
    real = sum(one["counted"] for name, one in rows.items() if "/" in name)
    print(f"{counted} inputs compiled before and were changed, {real} of them of real drivers; "
          f"{len(faults)} wrong after")
    if options.docs:
        document.write("compiled", table, f"{counted} inputs that compiled before and that `diff` "
                       f"changed, {real} of them of real drivers; seed {options.seed}")
    return bool(faults)


def main() -> int:
    """Try them; 1 if one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few of each, without a kernel")
    parser.add_argument("--hostile", type=int, default=80000, help="hostile inputs (80000)")
    parser.add_argument("--own", type=int, default=15500, help="mutants of own C (15500)")
    parser.add_argument("--real", type=int, default=5200, help="mutants of real drivers (5200)")
    parser.add_argument("--cli", type=int, default=400, help="hostile ones as a process (400)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kernel", help="a release that `kernel fetch` got (the newest)")
    parser.add_argument("--keep", type=Path, default=Path("out/fuzz"), metavar="FOLDER",
                        help="where failing inputs go (out/fuzz)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--docs", action="store_true", help="write the tables to docs/faults.md")
    options = parser.parse_args()
    if options.short:
        options.hostile, options.own, options.real, options.cli = 250, 26, 0, 2
    options.keep.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    failed = [run_hostile(options) if options.hostile else False,
              run_compiled(options) if options.own or options.real else False]
    print(f"seed {options.seed}, {time.monotonic() - begun:.0f} s")
    return int(any(failed))


if __name__ == "__main__":
    sys.exit(main())
