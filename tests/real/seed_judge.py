# SPDX-License-Identifier: GPL-2.0-only
"""Seeding faults into a driver and asking a judge: what it finds, what it misses, as a table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from real import half
from real.seed_faults import KINDS, Fault
from real.seed_subjects import Subject

from netmem_migrate.results import FileChange


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """One finding, without its line: a fault may move what follows it."""

    path: str
    id: str
    function: str
    text: str


Judge = Callable[[Sequence[FileChange]], Counter[Said]]
"""What is found in a change of one driver's files."""


@dataclass(frozen=True, slots=True)
class Result:
    """One fault, and by what it was found: ids of findings, none if it was missed.

    `same` says that a compiler finds no difference either: it is no fault.
    """

    subject: str
    kind: str
    path: str
    line: int
    was: str
    ids: tuple[str, ...]
    same: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """All faults of one driver. `baseline` is what is found in it without any fault."""

    subject: str
    results: tuple[Result, ...]
    baseline: tuple[Said, ...]


def measure(subject: Subject, each: int, judge: Judge,
            same: Callable[[Subject, Fault], bool] = lambda *_: False) -> Tally:
    """Seed every fault into one driver, one at a time.

    A fault is found if something is said of its file that is not said, or not as often, of the
    change without the fault. Of half a conversion that is missed, `same` says whether it is a
    right one.
    """
    clean = judge(subject.files)
    results = []
    for fault in subject.faults(each):
        new = judge(subject.with_fault(fault)) - clean
        # Half of a conversion shows where the other half is, which may be another file.
        ids = sorted({one.id for one in new if fault.kind in half.KINDS or one.path == fault.path})
        results.append(Result(
            subject.name, fault.kind, fault.path, fault.line, fault.was, tuple(ids),
            not ids and fault.kind in half.KINDS and same(subject, fault)))
    return Tally(subject.name, tuple(results), tuple(sorted(clean.elements())))


def table(results: Iterable[Result]) -> str:
    """Kind, seeded, found, missed, and as what most were found."""
    by_kind: dict[str, list[Result]] = defaultdict(list)
    for one in results:
        by_kind[one.kind].append(one)
    lines = [f"{'fault':38} {'seeded':>6} {'found':>6} {'right':>6} {'missed':>6}  found as"]
    for kind in (*KINDS, *half.KINDS):
        if kind not in by_kind:
            continue
        found = [one for one in by_kind[kind] if one.ids]
        ids = Counter(name for one in found for name in one.ids)
        right = sum(one.same for one in by_kind[kind])
        lines.append(f"{kind:38} {len(by_kind[kind]):6} {len(found):6} {right:6} "
                     f"{len(by_kind[kind]) - len(found) - right:6}  "
                     f"{', '.join(name for name, _count in ids.most_common(3))}")
    return "\n".join(lines)
