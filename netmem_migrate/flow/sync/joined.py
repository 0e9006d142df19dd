# SPDX-License-Identifier: GPL-2.0-only
"""Two ways to one thing: the same members from a record of the same type, or members that are set
once, to such a way."""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.c import view
from netmem_migrate.c.types import Type
from netmem_migrate.flow.sync.members import Key, hidden, uses
from netmem_migrate.flow.sync.scopes import Path, Scope, World, path

_MOST = 6
Way = tuple[Scope, Path]


def is_joined(world: World, one: Way, other: Way) -> bool:
    """Whether two expressions are shown to be one thing, for one device of the driver."""
    if one[1].said == other[1].said:
        return True
    ends = {way.said for _, way in _spelled(world, other)}
    return any(way.said in ends for _, way in _spelled(world, one))


def _spelled(world: World, way: Way) -> Iterator[Way]:
    """A way, and the same with a member that is set once as what that is set to, again and again;
    only such as begin with a record of the driver."""
    for _ in range(_MOST):
        if way[1].steps and _is_own(world, way):
            yield way
        found = _set_once(world, way)
        if found is None:
            return
        way = found


def _is_own(world: World, way: Way) -> bool:
    type_ = way[0].typed.of(way[1].start) if way[1].start.type == "identifier" else None
    return type_ is not None and world.analysis.symbols.resolve(type_).base in \
        world.analysis.symbols.records


def _set_once(world: World, way: Way) -> Way | None:
    """A way without the first of its members that is set once in the driver."""
    scope, told = way
    symbols = world.analysis.symbols
    type_: Type | None = scope.typed.of(told.start)
    for number, step in enumerate(told.steps[:-1]):
        if type_ is not None and type_.derivations:
            type_ = type_.target()
        member = symbols.member(type_, step.lstrip(b"->."), scope.file) \
            if not step.startswith(b"[") else None
        if member is None:
            return None
        type_ = symbols.resolve(member.type)
        found = [one for one in uses(world, Key.of(member)) if one.written]
        if len(found) != 1 or not found[0].known or hidden(world, member.name):
            continue
        value = found[0].value
        if value is None or view.call(view.bare(value)) is not None:
            continue
        inner = path(found[0].scope, value)
        return found[0].scope, Path(inner.root, inner.start,
                                    (*inner.steps, *told.steps[number + 1:]), told.address)
    return None
