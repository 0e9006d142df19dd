# SPDX-License-Identifier: GPL-2.0-only
"""The patches of one driver's conversion.

A folder of several drivers has a conversion for each that builds without the others
(Documentation/process/submitting-patches.rst: one logical change a patch).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from netmem_migrate.kernel.makefiles import alone
from netmem_migrate.results import FileChange, Migration, Step

if TYPE_CHECKING:
    from netmem_migrate.flow.analyse import Analysis


def steps(analysis: Analysis, changes: Sequence[FileChange]) -> tuple[Step, ...]:
    """The patches that make `changes`."""
    if analysis.driver.joined:
        return (Step(tuple(changes)),)
    made = {change.path: change for change in changes}
    groups = [group for group in alone(analysis.driver.root, analysis.sources, list(made)) if group]
    return _named([Step(tuple(made[file] for file in group)) for group in groups])


def steps_of(migration: Migration) -> tuple[Step, ...]:
    """The patches of a migration of which somebody may have taken, or edited, only a part.

    One where its steps do not make what it changes: the steps are then not those of the changes.
    """
    found = [replace(one, changes=_real(one.changes)) for one in migration.steps]
    if not _make(found, migration.changes):
        found = list(_whole(migration))
    return _named([step for step in found if step.changes])


def _named(found: Sequence[Step]) -> tuple[Step, ...]:
    """Steps that say which driver of the folder they convert, where there are several."""
    several = sum(step.room is None for step in found) > 1
    return tuple(replace(step, part=step.changes[0].path if several else "") for step in found)


def _whole(migration: Migration) -> Iterator[Step]:
    """A conversion for each driver of the folder, from the first bytes to the last."""
    left = {change.path: change for change in _real(migration.changes)}
    for one in migration.steps:
        yield replace(one, changes=tuple(left.pop(change.path) for change in one.changes
                                         if change.path in left))
    yield Step(tuple(left.values()))


def _make(found: Sequence[Step], changes: Sequence[FileChange]) -> bool:
    """Do the steps follow each other, and lead from and to the same bytes?"""
    first: dict[str, bytes] = {}
    last: dict[str, bytes] = {}
    for step in found:
        for change in step.changes:
            first.setdefault(change.path, change.before)
            if last.get(change.path, change.before) != change.before:
                return False
            last[change.path] = change.after
    wanted = _real(changes)
    return (first == {one.path: one.before for one in wanted}
            and last == {one.path: one.after for one in wanted})


def _real(changes: Sequence[FileChange]) -> tuple[FileChange, ...]:
    return tuple(one for one in changes if one.before != one.after)
