# SPDX-License-Identifier: GPL-2.0-only
"""`make bench-check`: faults seeded into converted drivers, for `check` to find.

    bench_check.py [--list] [VERSION|TREE] [--own] [--each N]

Seeds faults into the own corpus and into every real driver that corpus/kernel.toml calls
converted, and prints how many of each kind `check` finds; exit code 1 below 99.5 %. Half a
conversion of which nothing is said is compiled (the tree has to be prepared): one that a compiler
proves is right, and no fault. --list prints
the faults instead. --own leaves the real drivers out; --each is how many faults of a kind a file
of a real driver gets (2).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from real import half, half_judge, seed_any
from real.seed_faults import KINDS, Fault
from real.seed_judge import Said, Tally, measure, table
from real.seed_subjects import CORPUS, Subject, folders, own, real

from netmem_migrate.api import check_changes
from netmem_migrate.kernel.fetch import pick
from netmem_migrate.results import FileChange, Severity

SHARE = 0.995
Job = tuple[str, Path | None, int, int | None]
"""A driver: own, by name, or a folder and its tree; faults of a kind and file; a seed."""


def said(changes: Sequence[FileChange]) -> Counter[Said]:
    """What `check` finds fault with in a change of one driver's files; a note is no fault."""
    found: dict[Said, list[Said]] = defaultdict(list)
    for one in check_changes(changes, "7.3"):
        if one.severity != Severity.NOTE:
            said = Said(one.file, one.id, one.function, re.sub(r"line \d+", "", one.message),
                        ((one.file, one.line), *((at.file, at.line) for at in one.path
                                                 if at.side != "before")))
            found[said].append(said)
    return Counter({replace(said, places=tuple(at for one in several for at in one.places)):
                    len(several) for said, several in found.items()})


def one(job: Job) -> Tally:
    """Seed and judge one driver: the own one of that name, or a folder of a tree."""
    name, root, each, chosen = job
    subject = (real(name, root) if root is not None
               else next(one for one in own() if one.name == name))
    return measure(subject, each, said, chosen, right)


def right(subject: Subject, fault: Fault) -> bool:
    """Whether half a conversion, of which nothing is said, is a whole one for a compiler."""
    files = subject.with_fault(fault)
    if subject.root.is_relative_to(CORPUS):
        return half_judge.same_code(files, subject.files)
    return half_judge.proven(subject.root, files)


def judged(kernel: str | None, only_own: bool, each: int, chosen: int | None, only: str) -> int:
    """Print the table, what was missed, and the share."""
    jobs: list[Job] = [(one.name, None, 1, chosen) for one in own()]
    if not only_own:
        root = pick(kernel).root
        jobs += [(folder, root, each, chosen) for folder in folders(root)]
    jobs = [job for job in jobs if re.search(only, str(job[0]))]
    with ProcessPoolExecutor() as pool:
        tallies = []
        for job, tally in zip(jobs, pool.map(one, jobs), strict=True):
            tallies.append(tally)
            print(f"{job[0]}: {len(tally.results)} faults", file=sys.stderr, flush=True)
    results = [result for tally in tallies for result in tally.results]
    print(table(results))
    missed = [result for result in results if not result.ids and not result.same]
    same = [result for result in results if result.same]
    for result in missed:
        how = f"said elsewhere ({' '.join(result.elsewhere)})" if result.elsewhere else "missed"
        print(f"{how}: {result.kind}: {result.subject}: {result.path}:{result.line}: {result.was}")
    for tally in tallies:
        for finding in tally.baseline:
            print(f"without any fault: {tally.subject}: {finding.path}: {finding.id}: "
                  f"{finding.function}: {finding.text}")
    for result in same:
        print(f"right: {result.kind}: {result.subject}: {result.path}:{result.line}: {result.was}")
    count = len(results) - len(same)
    share = 1 - len(missed) / count
    print(f"{count - len(missed)} of {count} faults found, {share:.1%}; {len(same)} more are none")
    return 0 if share >= SHARE else 1


def main() -> int:
    """Judge the faults, or print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("kernel", nargs="?", help="version or tree; the newest one by default")
    parser.add_argument("--list", action="store_true", help="print the faults")
    parser.add_argument("--own", action="store_true", help="only the own corpus")
    parser.add_argument("--seed", type=int,
                        help="also faults of any kind, at places that a number chooses")
    parser.add_argument("--only", default="", metavar="REGEX", help="only drivers of such a path")
    parser.add_argument("--each", type=int, default=2, help="faults of a kind and file (2)")
    args = parser.parse_args()
    if not args.list:
        return judged(args.kernel, args.own, args.each, args.seed, args.only)

    counts: dict[str, Counter[str]] = {"own": Counter(), "real": Counter()}
    subjects = [("own", subject) for subject in own()]
    if not args.own:
        root = pick(args.kernel).root
        subjects += [("real", real(folder, root)) for folder in folders(root)]
    for group, subject in subjects:
        for fault in subject.faults(1 if group == "own" else args.each, args.seed):
            counts[group][fault.kind] += 1
            print(f"{fault.kind}: {subject.name}: {fault.path}:{fault.line}: {fault.was}")
    print(f"{'fault':38} {'own':>5} {'real':>5}")
    for kind in (*KINDS, *half.KINDS, *(seed_any.KINDS if args.seed is not None else ())):
        print(f"{kind:38} {counts['own'][kind]:5} {counts['real'][kind]:5}")
    print(f"{'all':38} {counts['own'].total():5} {counts['real'].total():5}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
