# SPDX-License-Identifier: GPL-2.0-only
"""Seeding faults into a driver and asking a judge: what it finds, what it misses, as a table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from real import half, seed_any
from real.seed_faults import KINDS, Fault
from real.seed_subjects import Subject

from netmem_migrate.c.parse import parse
from netmem_migrate.results import FileChange


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """One finding. What tells two apart has no line: a fault may move what follows it.

    `places` are its own line and those of its path, as file and line.
    """

    path: str
    id: str
    function: str
    text: str
    places: tuple[tuple[str, int], ...] = field(default=(), compare=False)


Judge = Callable[[Sequence[FileChange]], Counter[Said]]
"""What is found in a change of one driver's files."""


@dataclass(frozen=True, slots=True)
class Result:
    """One fault, and by what it was found: ids of findings, none if it was missed.

    A fault is found by what names its place: the function that it is in, or a line of it.
    `elsewhere` are ids of what is said without that. `same` says that a compiler finds no
    difference either: it is no fault.
    """

    subject: str
    kind: str
    path: str
    line: int
    was: str
    ids: tuple[str, ...]
    same: bool = False
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """All faults of one driver. `baseline` is what is found in it without any fault."""

    subject: str
    results: tuple[Result, ...]
    baseline: tuple[Said, ...]


def measure(subject: Subject, each: int, judge: Judge,
            chosen: int | None = None,
            same: Callable[[Subject, Fault], bool] = lambda *_: False) -> Tally:
    """Seed every fault into one driver, one at a time.

    A fault is found if something that names its place is said that is not said, or not as often,
    of the change without the fault. Where nothing is said, `same` says whether it is a fault at
    all. `chosen` is the seed of those of any kind.
    """
    clean = judge(subject.files)
    results = []
    for fault in subject.faults(each, chosen):
        new = judge(subject.with_fault(fault)) - clean
        place = _place(subject, fault)
        ids = sorted({one.id for one in new if _names(one, fault.path, place)})
        others = () if ids else tuple(sorted({one.id for one in new}))
        results.append(Result(
            subject.name, fault.kind, fault.path, fault.line, fault.was, tuple(ids),
            not ids and not others and (
                fault.kind in half.KINDS or fault.kind in seed_any.KINDS) and same(subject, fault),
            others))
    return Tally(subject.name, tuple(results), tuple(sorted(clean.elements())))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a fault is in the file with it: its lines, and the functions that those are in."""

    first: int
    last: int
    functions: frozenset[str]


def _place(subject: Subject, fault: Fault) -> _Place:
    right = next(one.after for one in subject.files if one.path == fault.path)
    old, new = half.lines_of(right), half.lines_of(fault.text)
    short = min(len(old), len(new))
    head = next((at for at in range(short) if old[at] != new[at]), short)
    tail = next((at for at in range(short - head) if old[-1 - at] != new[-1 - at]), short - head)
    first, last = head + 1, max(len(new) - tail, head + 1)
    file = parse(fault.text)
    return _Place(first, last, frozenset(
        one.name for one in file.functions()
        if file.line_of(one.start) <= last and file.line_of(one.end) >= first))


def _names(said: Said, path: str, place: _Place) -> bool:
    """Whether a finding names a place: the function, or a line of it or beside it."""
    return (said.path == path and said.function in place.functions) or any(
        file == path and place.first - 1 <= line <= place.last + 1 for file, line in said.places)


def table(results: Iterable[Result]) -> str:
    """Kind, seeded, found, missed, and as what most were found."""
    by_kind: dict[str, list[Result]] = defaultdict(list)
    for one in results:
        by_kind[one.kind].append(one)
    lines = [f"{'fault':38} " + " ".join(f"{one:>6}" for one in (
        "seeded", "found", "right", "else", "missed")) + "  found as"]
    for kind in (*KINDS, *half.KINDS, *seed_any.KINDS):
        if kind not in by_kind:
            continue
        found = [one for one in by_kind[kind] if one.ids]
        ids = Counter(name for one in found for name in one.ids)
        right = sum(one.same for one in by_kind[kind])
        other = sum(bool(one.elsewhere) for one in by_kind[kind])
        lines.append(f"{kind:38} {len(by_kind[kind]):6} {len(found):6} {right:6} {other:6} "
                     f"{len(by_kind[kind]) - len(found) - right - other:6}  "
                     f"{', '.join(name for name, _count in ids.most_common(3))}")
    return "\n".join(lines)
