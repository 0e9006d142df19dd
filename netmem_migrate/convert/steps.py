# SPDX-License-Identifier: GPL-2.0-only
"""The patches of one driver: what prepares its conversion, then the conversion.

They stand in the order in which they build. A folder of several drivers has a conversion for each
that builds without the others (Documentation/process/submitting-patches.rst: one logical change a
patch).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from netmem_migrate.convert.layout import rewrite
from netmem_migrate.kernel.makefiles import alone
from netmem_migrate.results import Edit, FileChange, Migration, Step, StepKind

if TYPE_CHECKING:
    from netmem_migrate.convert.passes import Loaded
    from netmem_migrate.flow.analyse import Analysis


def steps(analysis: Analysis, passes: Sequence[Loaded], prepared: Mapping[str, Sequence[Edit]],
          changes: Sequence[FileChange]) -> tuple[Step, ...]:
    """The patches that make `changes`; `prepared` are the edits of the passes that prepare."""
    sources, texts = analysis.sources, analysis.symbols.texts
    state = {change.path: change.before for change in changes}
    found: list[Step] = []
    for number, one in enumerate(passes):
        if not one.declared.prepares:
            continue
        so_far = {other.declared.id for other in passes[:number + 1]}
        made = []
        for file, edits in prepared.items():
            text = rewrite(sources[file], [e for e in edits if e.transform in so_far])[0]
            if text != state[file]:
                made.append(FileChange(file, state[file], text, texts))
                state[file] = text
        if made:
            found.append(Step(StepKind.HINTS, tuple(made)))
    rest = {change.path: FileChange(change.path, state[change.path], change.after, texts)
            for change in changes if state[change.path] != change.after}
    groups = [group for group in alone(analysis.driver.root, sources, list(rest)) if group]
    return _named([*found, *(Step(StepKind.CONVERT, tuple(rest[file] for file in group))
                             for group in groups)])


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
    several = sum(step.kind == StepKind.CONVERT for step in found) > 1
    return tuple(replace(step, part=step.changes[0].path
                         if several and step.kind == StepKind.CONVERT else "") for step in found)


def _whole(migration: Migration) -> Iterator[Step]:
    """A conversion for each driver of the folder, from the first bytes to the last."""
    left = {change.path: change for change in _real(migration.changes)}
    for one in migration.steps:
        if one.kind == StepKind.CONVERT:
            mine = [left.pop(change.path) for change in one.changes if change.path in left]
            yield Step(StepKind.CONVERT, tuple(mine))
    yield Step(StepKind.CONVERT, tuple(left.values()))


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
