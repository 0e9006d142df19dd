# SPDX-License-Identifier: GPL-2.0-only
"""What comes behind a conversion, where it is asked for: steps that are more than another type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from netmem_migrate.check.changes import check_changes
from netmem_migrate.check.rules.unreadable_address import RULE
from netmem_migrate.check.sources import check_sources
from netmem_migrate.convert.edits import apply
from netmem_migrate.convert.passes import Loaded
from netmem_migrate.convert.work import Work
from netmem_migrate.flow.analyse import Analysis, analyse
from netmem_migrate.kernel.drivers import Driver
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.report.wording import listed
from netmem_migrate.results import FileChange, Room, Severity, Step


@dataclass(frozen=True, slots=True)
class Behind:
    """The patches behind a conversion, what they do, and what is left of it, with the place."""

    steps: tuple[Step, ...] = ()
    rooms: tuple[Room, ...] = ()
    left: tuple[Reason, ...] = ()


def behind(analysis: Analysis, changes: Sequence[FileChange],
           passes: Sequence[Loaded]) -> Behind:
    """The steps of some passes behind `changes`, each a patch of its own."""
    driver = analysis.driver
    found = Behind()
    for one in passes:
        held = {**driver.held, **{change.path: change.after for change in changes},
                **{change.path: change.after for step in found.steps for change in step.changes}}
        found = _followed(found, one, replace(driver, held=held), analysis)
    return found


def _followed(found: Behind, one: Loaded, driver: Driver, analysis: Analysis) -> Behind:
    then = analyse(driver, analysis.target, rows=analysis.rows, arms=analysis.symbols.texts.arms)
    work = Work(then, {})
    made = list(one.rooms(work))
    changes = apply(work, [edit for _, edits in made for edit in edits], (one,))
    if _has_faults(one, changes, then):
        # What cannot be shown to be the same for pages is not done, nor what loses memory.
        made = [(room, edits) for room, edits in made
                if not _has_faults(one, apply(work, edits, (one,)), then)]
        changes = apply(work, [edit for _, edits in made for edit in edits], (one,))
        if _has_faults(one, changes, then):
            made, changes = [], ()
    left = tuple(one.left(work) if one.left is not None else _left(
        then, {(room.file, room.slot.removesuffix("()")): room.line for room, _ in made}))
    if not changes:
        return replace(found, left=(*found.left, *left))
    rooms = tuple(room for room, _ in made)
    slots = list(dict.fromkeys(room.slot for room in rooms))
    jumps = list(dict.fromkeys(room.made for room in rooms))
    # The words of the last kind say what those of the others do, and more.
    kinds = list(one.declared.words)
    most = max(rooms, key=lambda room: kinds.index(room.kind))
    whole = replace(most, slot=listed(slots), made=listed(jumps), behind=True)
    return Behind((*found.steps, Step(changes, room=whole)), (*found.rooms, *rooms),
                  (*found.left, *left))


def _has_faults(one: Loaded, changes: Sequence[FileChange], then: Analysis) -> bool:
    if one.told is not None:
        changes = [one.told(change) for change in changes]
    return any(finding.severity != Severity.NOTE
               for finding in check_changes(changes, then.target.api))


def _left(then: Analysis, done: Mapping[tuple[str, str], int]) -> Iterator[Reason]:
    """The uses of addresses without a test that are left, but for those that a function leaves
    before, by the line where it does."""
    files = {file: then.originals[file] for file in then.driver.files}
    for read in check_sources(files, api=then.target.api, unreadable=True, only=(RULE.id,)):
        at = done.get((read.file, read.function))
        if at is None or read.line < at:
            yield Reason(Why.CPU_READS, slot=f"{read.function}()", file=read.file, line=read.line)
