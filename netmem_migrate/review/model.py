# SPDX-License-Identifier: GPL-2.0-only
"""What is asked in a review: units of slots that move together, and what follows from an answer.

A unit is asked about as a whole. Its cores are the members and globals of the driver that hold the
pages; every local, parameter, return value and call of the unit moves with them. Whatever set of
units is accepted, the result is the conversion in which the cores of the others stay pages, made
by the same cut as any other conversion, so that no answer can leave a type half changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.cut import Solution, components
from netmem_migrate.flow.graph import Kind, Slot
from netmem_migrate.job import Job
from netmem_migrate.results import FileChange, Migration, Room

_HOLDERS = (Kind.MEMBER, Kind.GLOBAL)


@dataclass(frozen=True, slots=True)
class Unit:
    """Slots that move together; `cores` are the names of its members and globals, sorted."""

    driver: str
    cores: tuple[str, ...]

    @property
    def id(self) -> str:
        """The same for the same question about the same driver, in any run."""
        text = "\0".join((self.driver, *self.cores))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    @property
    def title(self) -> str:
        """Its members and globals, as a list."""
        return ", ".join(self.cores)


@dataclass(eq=False, slots=True)
class Subject:
    """One driver under review: as it was cut, and the conversions that answers lead to."""

    job: Job
    _jobs: dict[frozenset[str], Job] = field(default_factory=dict)
    _migrations: dict[tuple[frozenset[str], bool], Migration] = field(default_factory=dict)

    @property
    def analysis(self) -> Analysis:
        """Where the driver's pages flow, and the cut in which all that can move does."""
        return self.job.analysis

    @property
    def path(self) -> str:
        """The driver's path in the tree."""
        return self.analysis.driver.path

    @property
    def name(self) -> str:
        """The driver as a person knows it; outside a tree its path is "."."""
        return self.path if self.path != "." else self.analysis.driver.root.name

    @property
    def holders(self) -> list[Slot]:
        """The members and globals that can move, in order of the source."""
        found = [slot for slot in self.analysis.solution.moved if slot.kind in _HOLDERS]
        return sorted(found, key=_place)

    @property
    def rooms(self) -> dict[str, Room]:
        """What preparatory patches make room for, by the name that each is asked for under."""
        return {f"{step.room.step}: {step.room.slot}": step.room for step in self.job.ahead
                if step.room is not None}

    @property
    def behind(self) -> dict[str, tuple[Room, ...]]:
        """What each step behind the conversion does, by the option that asks for it."""
        if not any(one.declared.behind for one in self.job.passes):
            return {}
        return _steps(self.migration(frozenset(), judge=True))

    @property
    def cores(self) -> frozenset[str]:
        """The names of all members and globals that can move, of the rooms made for them, and of
        what is done behind that."""
        return frozenset({*(slot.name for slot in self.holders), *self.rooms, *self.behind})

    @property
    def originals(self) -> Mapping[str, bytes]:
        """The files as they are on disk."""
        return self.job.first.analysis.originals

    def analysed(self, keep: frozenset[str]) -> Analysis:
        """The driver, cut so that `keep` stay pages, without the rooms that are among them."""
        return self._keeping(keep).analysis

    def solution(self, keep: frozenset[str]) -> Solution:
        """The cut in which `keep` stay pages."""
        return self.analysed(keep).solution

    def migration(self, keep: frozenset[str], *, judge: bool = False) -> Migration:
        """The conversion in which `keep` stay pages; the bytes that `--keep` gives."""
        if (keep, judge) not in self._migrations:
            self._migrations[keep, judge] = self._keeping(keep).migration(judge=judge)
        return self._migrations[keep, judge]

    def _keeping(self, keep: frozenset[str]) -> Job:
        if keep not in self._jobs:
            job, rooms = self.job, list(self.rooms)
            while job.without is not None and not keep.isdisjoint(rooms):
                job = job.without
                rooms.pop()
            steps = self.behind if keep else {}
            left = {rooms[0].step for name, rooms in steps.items() if name in keep}
            if left:
                job = replace(
                    job, passes=tuple(one for one in job.passes if one.declared.id not in left),
                    options=replace(job.options, wanted=tuple(
                        one for one in job.options.wanted if one not in left)))
            self._jobs[keep] = job.keeping(keep.difference(self.rooms, steps))
        return self._jobs[keep]

    def texts(self, keep: frozenset[str]) -> dict[str, bytes]:
        """What the files that change hold in that conversion."""
        return {change.path: change.after for change in self.migration(keep).changes}

    def falls(self, cores: Iterable[str]) -> frozenset[str]:
        """The cores that stay pages when `cores` do: those, and what flows into them, or moves in
        the room of one only; and what is done behind no conversion but with them."""
        keep = frozenset(cores)
        job = self._keeping(keep)
        undone = self.behind.keys() - _steps(self.migration(keep)).keys() if self.behind else set()
        moved = job.analysis.solution.moved
        if job.ahead == self.job.ahead:
            return frozenset(slot.name for slot in self.analysis.solution.moved - moved
                             if slot.kind in _HOLDERS) | undone
        left = {slot.name for slot in moved if slot.kind in _HOLDERS}
        return self.cores.difference(
            left, list(self.rooms)[:len(job.ahead)], self.behind) | undone


def _place(slot: Slot) -> tuple[bool, str, int]:
    return not slot.place.file.endswith(".h"), slot.place.file, slot.place.node.start_byte


def _steps(migration: Migration) -> dict[str, tuple[Room, ...]]:
    found: dict[str, tuple[Room, ...]] = {}
    for one in migration.report.behind:
        name = f"--with={one.step}"
        found[name] = (*found.get(name, ()), one)
    return found


def units_of(subject: Subject) -> list[Unit]:
    """The natural units of a driver: what makes room, moved slots that hang together by flows, in
    source order, and what is done behind that."""
    order = [slot.name for slot in subject.holders]
    units: list[set[str]] = []
    for component in components(subject.analysis.graph, subject.analysis.solution.moved):
        names = {slot.name for slot in component if slot.kind in _HOLDERS}
        # Two slots of one name (a struct declared in two files) cannot be told apart by --keep.
        for other in [one for one in units if one & names]:
            units.remove(other)
            names |= other
        if names:
            units.append(names)
    rooms = [Unit(subject.path, (name,)) for name in subject.rooms]
    behind = [Unit(subject.path, (name,)) for name in subject.behind]
    return [*rooms, *(Unit(subject.path, tuple(sorted(names))) for names in sorted(
        units, key=lambda one: min(order.index(name) for name in one))), *behind]


def split(subject: Subject, unit: Unit) -> list[Unit]:
    """The smaller units that a unit can be asked in; the unit itself where there are none.

    A core can stay a page while others move if none of their pages flow into it; page_to_netmem()
    then bridges its own pages into them. Those that others flow into come first.
    """
    order = [slot.name for slot in subject.holders]
    falls = {core: subject.falls([core]) & set(unit.cores) for core in unit.cores}
    parts: dict[frozenset[str], list[str]] = {}
    for core in unit.cores:
        parts.setdefault(falls[core], []).append(core)
    if len(parts) < 2:
        return [unit]
    return [Unit(unit.driver, tuple(sorted(cores)))
            for fall, cores in sorted(parts.items(), key=lambda item: (
                -len(item[0]), min(order.index(core) for core in item[1])))]


@dataclass(eq=False, slots=True)
class Review:
    """The units of all drivers, in order, and the answers given so far, by unit id."""

    subjects: Mapping[str, Subject]
    units: list[Unit]
    answers: dict[str, bool] = field(default_factory=dict)
    edits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    split_ids: list[str] = field(default_factory=list)

    def subject(self, unit: Unit) -> Subject:
        """The driver of a unit."""
        return self.subjects[unit.driver]

    def answer(self, unit: Unit) -> bool | None:
        """True to move, False to keep, None while undecided."""
        return self.answers.get(unit.id)

    def beside(self, unit: Unit) -> list[Unit]:
        """The other units of the same driver."""
        return [one for one in self.units if one.driver == unit.driver and one != unit]

    def room(self, unit: Unit) -> Room | None:
        """What a unit makes room for; None for one of slots."""
        return self.subject(unit).rooms.get(unit.cores[0])

    def step(self, unit: Unit) -> tuple[Room, ...] | None:
        """What a unit does behind the conversion; None for one that is a part of it."""
        return self.subject(unit).behind.get(unit.cores[0])

    def below(self, unit: Unit) -> list[Unit]:
        """The units that what a unit changes is shown on top of: those that it needs; of a step
        behind the conversion, all of that which nobody refused."""
        if self.step(unit) is None:
            return self.needs(unit)
        needed = self.needs(unit)
        return [one for one in self.beside(unit) if one in needed or (
            self.step(one) is None and self.answer(one) is not False)]

    def needs(self, unit: Unit) -> list[Unit]:
        """The units that a unit cannot move without: its pages flow into them."""
        subject = self.subject(unit)
        return [one for one in self.beside(unit)
                if subject.falls(one.cores) & set(unit.cores)]

    def dependents(self, unit: Unit) -> list[Unit]:
        """The units that cannot move without this one."""
        falls = self.subject(unit).falls(unit.cores)
        return [one for one in self.beside(unit) if falls & set(one.cores)]

    def decide(self, unit: Unit, move: bool) -> list[Unit]:
        """Note an answer; returns the other units whose answers it changed."""
        self.answers[unit.id] = move
        follow = self.needs(unit) if move else self.dependents(unit)
        changed = [one for one in follow if self.answers.get(one.id) is not move]
        for one in changed:
            self.answers[one.id] = move
        return changed

    def split(self, index: int) -> int:
        """Replace a unit by its smaller ones; returns how many there are (1: it cannot be)."""
        unit = self.units[index]
        parts = split(self.subject(unit), unit)
        if len(parts) > 1:
            self.units[index:index + 1] = parts
            self.split_ids.append(unit.id)
            self.edits.pop(unit.id, None)
            answer = self.answers.pop(unit.id, None)
            if answer is not None:
                self.answers.update((part.id, answer) for part in parts)
        return len(parts)

    def kept(self, subject: Subject) -> frozenset[str]:
        """The cores of a driver that no accepted unit moves."""
        accepted = {core for unit in self.units
                    if unit.driver == subject.path and self.answer(unit) for core in unit.cores}
        return subject.cores - accepted

    def only(self, units: Iterable[Unit], subject: Subject) -> frozenset[str]:
        """The cores that stay where `units` alone are accepted."""
        return subject.cores - {core for unit in units for core in unit.cores}

    def changes(self, unit: Unit) -> tuple[FileChange, ...]:
        """What a unit changes, edited by hand or not, on top of the units below it."""
        subject = self.subject(unit)
        needed = self.below(unit)
        before = subject.texts(self.only(needed, subject))
        after = subject.texts(self.only([*needed, unit], subject)) | self.edits.get(unit.id, {})
        sources, texts = subject.originals, subject.job.texts
        found = [FileChange(path, before.get(path, sources[path]), after.get(path, sources[path]),
                            texts)
                 for path in sorted({*before, *after})]
        return tuple(one for one in found if one.before != one.after)
