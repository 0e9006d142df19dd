# SPDX-License-Identifier: GPL-2.0-only
"""`make fuzz`: nothing hurts the tool, and what it changes still compiles.

    run.py [--short] [--hostile N] [--own N] [--real N] [--seed N] [--cli N] [--keep FOLDER]
           [--kernel VERSION] [--jobs N] [--state FILE] [--minutes N]
           [--only REGEX] [--docs]

Hostile are texts, patches, mails, headers and Makefiles with any harm of hostile.py: none may end
in a traceback, in exit code 70 or not at all. That is over 10 seconds of the processor and five
times the bare parse of the same input. --cli of them (and each failing one) go through a real
process as well. The others are mutants of own and --real drivers that compiled before and that
`diff` changes (compiled.py): each must compile after. What fails is made small and kept in a
folder, by default out/fuzz. Exit code 1 if anything does.

With --state what was done of the mutants is noted in a file, part by part: a run that was cut off
goes on there, and a later one with other numbers or another seed adds to it. The table then says at
which revision each driver was tried.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
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


@dataclass
class Part:
    """What became of some mutants of one driver; `tried` is None where that was not noted."""

    driver: str
    seed: str
    want: int
    revision: str
    tried: int | None
    counted: int
    faults: list[str]


def compiled_table(parts: Sequence[Part]) -> list[str]:
    """A line a driver."""
    lines = ["| driver | revision | tried | compiled before and changed | wrong after |",
             "| --- | --- | ---: | ---: | ---: |"]
    for name in sorted({one.driver for one in parts}):
        mine = [one for one in parts if one.driver == name]
        tried = [one.tried for one in mine if one.tried is not None]
        where = ", ".join(dict.fromkeys(one.revision for one in mine))
        total = sum(tried) if len(tried) == len(mine) else "not noted"
        lines.append(f"| {name} | {where} | {total} | {sum(one.counted for one in mine)} | "
                     f"{sum(len(one.faults) for one in mine)} |")
    lines.append(f"| all | | | {sum(one.counted for one in parts)} | "
                 f"{sum(len(one.faults) for one in parts)} |")
    return lines


def shares(names: Sequence[str], among: Sequence[str], want: int) -> list[tuple[str, int, int]]:
    """How many of each driver, in parts that one process does in a few minutes, and the number of
    each part: those of a driver do not depend on what else is tried."""
    each = -(-want // len(among)) if among else 0
    return [(name, names.index(name) + len(names) * (done // PART), min(PART, each - done))
            for name in among for done in range(0, each, PART)]


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
        names = [one for one in converting(root) if re.search(options.only, one)]
        with ProcessPoolExecutor(options.jobs) as pool:
            can = [name for name, one in zip(names, pool.map(
                compiled.can_be_tried, names, [root] * len(names)), strict=True) if one]
        jobs += [(name, root, want, f"{options.seed}.{at}")
                 for name, at, want in shares(converting(root), can, options.real)]
    if options.own:
        names = own_names()
        jobs += [(name, None, want, f"{options.seed}.{at}")
                 for name, at, want in shares(names, names, options.own)]
    parts = read_state(options.state)
    known = {(one.driver, one.seed, one.want) for one in parts}
    jobs = [job for job in jobs if (job[0], job[3], job[2]) not in known]
    now = revision()
    show = options.keep / "compiled"
    show.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.jobs) as pool:
        waiting = {pool.submit(compiled.fuzz, *job, show, 60 * options.minutes): job
                   for job in jobs}
        for number, done in enumerate(as_completed(waiting), 1):
            name, _, want, seed = waiting[done]
            found = done.result()
            part = Part(name, seed, want, now, found.counts["", "tried"],
                        found.counts["", "counted"], found.faults)
            parts.append(part)
            if options.state is not None:
                with options.state.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(part)) + "\n")
            print(f"compiled: {number} of {len(jobs)}: {name}: {part.counted} "
                  f"counted, {len(part.faults)} wrong", file=sys.stderr, flush=True)
    table = compiled_table(parts)
    print("\n".join(table))
    for one in (fault for part in parts for fault in part.faults):
        print(f"wrong: {one}")
    counted = sum(one.counted for one in parts)
    real = sum(one.counted for one in parts if "/" in one.driver)
    wrong = sum(len(one.faults) for one in parts)
    print(f"{counted} inputs compiled before and were changed, {real} of them of real drivers; "
          f"{wrong} wrong after")
    if options.docs:
        seeds = ", ".join(sorted({one.seed.partition(".")[0] for one in parts}))
        document.write("compiled", table, f"{counted} inputs that compiled before and that `diff` "
                       f"changed, {real} of them of real drivers; seed {seeds}",
                       says_revision=True)
    return bool(wrong)


def read_state(path: Path | None) -> list[Part]:
    """The parts that earlier runs noted."""
    if path is None or not path.exists():
        return []
    return [Part(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def revision() -> str:
    """The commit that is tried, with a + where files differ from it."""
    here = ["git", "-C", str(HERE)]
    done = subprocess.run([*here, "rev-parse", "--short", "HEAD"], text=True, capture_output=True,
                          check=False).stdout.strip()
    clean = subprocess.run([*here, "diff", "--quiet", "HEAD", "--", ":/netmem_migrate",
                            ":/transforms"], check=False).returncode == 0
    return done if clean else f"{done}+"


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
    parser.add_argument("--state", type=Path, metavar="FILE",
                        help="note each part that is done here, and do none again")
    parser.add_argument("--minutes", type=float, default=float("inf"), metavar="N",
                        help="at most so long for each part of a driver")
    parser.add_argument("--only", default="", metavar="REGEX",
                        help="of the real drivers only those")
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
