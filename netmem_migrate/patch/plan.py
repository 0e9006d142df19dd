# SPDX-License-Identifier: GPL-2.0-only
"""From a run to the patches of its series: each step of each driver becomes one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from netmem_migrate.convert import steps
from netmem_migrate.errors import InputError
from netmem_migrate.patch.kinds import Subject
from netmem_migrate.results import FileChange, Migration, Own, Room, Run, Step

LIMIT = 15
"""Patches in a series, and a contributor's patches under review on one tree
(Documentation/process/maintainer-netdev.rst)."""


@dataclass(frozen=True, slots=True)
class PatchStep:
    """One patch to be: a step of a driver."""

    migration: Migration
    step: Step

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """The files that it changes."""
        return self.step.changes

    @property
    def part(self) -> str:
        """A file of the driver that it converts, where the folder holds several."""
        return self.step.part

    @property
    def key(self) -> str:
        """What patches of the same driver share: the name for it in tables of a series."""
        return self.part or self.migration.report.path

    @property
    def room(self) -> Room | None:
        """What a preparatory patch makes room for; None of a conversion."""
        return self.step.room

    @property
    def proof(self) -> str:
        """What patches share of which one sentence says how they are proven."""
        room = self.room
        return f"{self.key}: {room.step} {room.slot}" if room is not None else self.key

    @property
    def subject(self) -> Subject:
        """What its message is about: of the migration what this patch makes, and its own driver.

        What was kept stays in, since a message says how much of it is elsewhere.
        """
        changed = {change.path for change in self.changes}
        report = self.migration.report
        own = self.step.own or Own(report.files, report.requirements,
                                   unreadable=self.migration.unreadable)
        mine = changed.union(own.files)
        share = replace(
            self.migration, changes=self.changes,
            edits=tuple(one for one in self.migration.edits if one.file in changed),
            report=replace(
                report, files=own.files,
                declarations=tuple(one for one in report.declarations if one.file in changed),
                sites=tuple(one for one in report.sites if one.file in mine),
                refusals=tuple(one for one in report.refusals if one.file in mine),
                bridges=tuple(one for one in report.bridges if one.file in changed),
                stays=tuple(one for one in report.stays if one.file in changed),
                handed=tuple(one for one in report.handed if one.file in changed),
                requirements=own.requirements))
        return Subject(share, self.changes, own)

    @property
    def heads_only(self) -> bool:
        """Whether what it converts comes to the stack, and only as heads that the CPU reads."""
        if self.room is not None:
            return self.migration.report.heads_only
        return self.subject.report.heads_only


@dataclass(frozen=True, slots=True)
class Plan:
    """One series: `name` is its folder below the output, "" for the output itself.

    `drivers` are all that were asked for, `steps` those of the drivers that change.
    """

    name: str
    drivers: tuple[Migration, ...]
    steps: tuple[PatchStep, ...]

    def before(self) -> dict[str, bytes]:
        """What each file of the series holds at its base."""
        found: dict[str, bytes] = {}
        for step in self.steps:
            for change in step.changes:
                found.setdefault(change.path, change.before)
        return found


def steps_of(migration: Migration) -> tuple[PatchStep, ...]:
    """The patches of one driver."""
    return tuple(PatchStep(migration, step) for step in steps.steps_of(migration))


def heads_only(run: Run) -> tuple[PatchStep, ...]:
    """The patches of a run whose memory comes to the stack only as heads of skbs."""
    return tuple(one for migration in run.drivers for one in steps_of(migration)
                 if one.heads_only)


def plans(run: Run, *, together: bool = False, heads: bool = True) -> tuple[Plan, ...]:
    """The series of a run: one a driver, or one for all with `together`.

    Without `heads`, less the patches whose memory comes to the stack only as heads. Raises
    InputError for a series that netdev would not take for its size, for two drivers that change
    one file, and for a file that mail cannot carry.
    """
    drivers = tuple({one.report.path: one for one in reversed(run.drivers)}.values())[::-1]
    patches = [one for migration in drivers for one in steps_of(migration)
               if heads or not one.heads_only]
    _mailable(patches)
    changing = list(dict.fromkeys(one.migration.report.path for one in patches))
    if not patches:
        return ()
    if together or len(changing) == 1:
        chosen = tuple(_once(patches))
        if len(chosen) > LIMIT:
            raise InputError(_too_many(len(chosen), len(changing)))
        return (Plan("", drivers, chosen),)
    _apart(patches)
    migrations = [one for one in drivers if one.report.path in changing]
    names = folder_names(changing)
    found = []
    for name, migration in zip(names, migrations, strict=True):
        mine = tuple(one for one in patches if one.migration is migration)
        if len(mine) > LIMIT:
            raise InputError(_too_many(len(mine), 1))
        found.append(Plan(name, (migration,), mine))
    return tuple(found)


def _too_many(patches: int, drivers: int) -> str:
    how = ("leave --together out for one series a driver, or give fewer drivers at a time"
           if drivers > 1 else "send the first 15 as a series of their own, and the rest after it")
    return f"{patches} patches, and netdev takes at most {LIMIT} in a series: {how}"


def _once(steps: Sequence[PatchStep]) -> Iterator[PatchStep]:
    """Steps without changes that an earlier driver made just so; two that disagree are refused."""
    seen: dict[str, tuple[FileChange, Migration]] = {}
    for step in steps:
        fresh = []
        for change in step.changes:
            known = seen.get(change.path)
            if known is None or known[1] is step.migration:
                fresh.append(change)
                seen[change.path] = change, step.migration
            elif known[0] != change:
                raise InputError(
                    f"{change.path}: two of the given drivers change it; convert them one by one"
                )
        if fresh:
            yield replace(step, step=replace(step.step, changes=tuple(fresh)))


def _apart(steps: Sequence[PatchStep]) -> None:
    owner: dict[str, Migration] = {}
    for step in steps:
        for change in step.changes:
            other = owner.setdefault(change.path, step.migration)
            if other is not step.migration:
                raise InputError(
                    f"{change.path}: both {other.report.path} and {step.migration.report.path} "
                    "change it; write one series with --together, or convert them one by one"
                )


def _mailable(steps: Sequence[PatchStep]) -> None:
    for step in steps:
        for change in step.changes:
            if b"\r\n" in change.before or b"\r\n" in change.after:
                raise InputError(
                    f"{change.path}: has CRLF line ends, which do not survive mail; "
                    "convert it to LF first, or use apply"
                )


def folder_names(paths: Sequence[str]) -> list[str]:
    """A folder for each driver's series: its own name, with its parents' where names are shared."""
    parts = [PurePosixPath(path).with_suffix("").parts if path.endswith((".c", ".h"))
             else PurePosixPath(path).parts for path in paths]
    depth = 1
    while True:
        names = ["-".join(one[-depth:]) for one in parts]
        count = Counter(names)
        if len(count) == len(names) or depth >= max(len(one) for one in parts):
            return names
        depth += 1
