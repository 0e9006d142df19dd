# SPDX-License-Identifier: GPL-2.0-only
"""Two ways to one thing: the same members from a record of the same type, or members that are set
once, to such a way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.types import Member, Type
from netmem_migrate.flow.sync.members import Key, Use, hidden, uses
from netmem_migrate.flow.sync.scopes import Path, Scope, World, path

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST = 6


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to something. `of` is the record, as it is spelled, whose member was last found to be
    set once, in `scope`, "" before any was."""

    scope: Scope
    path: Path
    of: bytes = b""


def is_joined(world: World, one: tuple[Scope, Path], other: tuple[Scope, Path]) -> bool:
    """Whether two expressions are shown to be one thing, for one device of the driver."""
    if one[1].said == other[1].said:
        return True
    ways = list(_spelled(world, _Way(*other)))
    return any(_is_same(world, mine, theirs) for mine in _spelled(world, _Way(*one))
               for theirs in ways)


def _is_same(world: World, one: _Way, other: _Way) -> bool:
    """Whether two ways are the same: from a record of the driver, or from what two members of one
    record were set to at once."""
    if one.path.said != other.path.said:
        return False
    start = view.text(one.path.start)
    at_once = one.scope is other.scope and one.of == other.of != b"" and \
        start == view.text(other.path.start) and one.scope.stays(start) and \
        one.scope.stays(one.of)
    return at_once or (_is_own(world, one) and _is_own(world, other))


def _spelled(world: World, way: _Way) -> Iterator[_Way]:
    """A way, and the same with a member that is set once as what that is set to, again and
    again."""
    for _ in range(_MOST):
        if way.path.steps:
            yield way
        found = _set_once(world, way)
        if found is None:
            return
        way = found


def _is_own(world: World, way: _Way) -> bool:
    """Whether a way begins with a record of the driver."""
    type_ = way.scope.typed.of(way.path.start) if way.path.start.type == "identifier" else None
    return type_ is not None and world.analysis.symbols.resolve(type_).base in \
        world.analysis.symbols.records


def _set_once(world: World, way: _Way) -> _Way | None:
    """A way without the first of its members that is set once in the driver."""
    scope, told = way.scope, way.path
    symbols = world.analysis.symbols
    type_: Type | None = scope.typed.of(told.start)
    for number, step in enumerate(told.steps):
        if type_ is not None and type_.derivations:
            type_ = type_.target()
        member = symbols.member(type_, step.lstrip(b"->."), scope.file) \
            if not step.startswith(b"[") else None
        if member is None:
            return None
        type_ = symbols.resolve(member.type)
        last = number == len(told.steps) - 1
        if last and told.address:
            return None
        use = _only(world, member)
        if use is None or use.value is None:
            continue
        inner = path(use.scope, use.value)
        return _Way(use.scope, Path(inner.root, inner.start,
                                    (*inner.steps, *told.steps[number + 1:]),
                                    inner.address if last else told.address), use.base)
    return None


def _only(world: World, member: Member) -> Use | None:
    """Where a member is set, if that is one place, but for copies of it to another such record."""
    found = [one for one in uses(world, Key.of(member)) if one.written and not _is_copy(one)
             and not (not one.known and _is_foreign(one))]
    if len(found) != 1 or not found[0].known or hidden(world, member.name):
        return None
    value = found[0].value
    return None if value is None or view.call(view.bare(value)) is not None else found[0]


def _is_copy(use: Use) -> bool:
    """Whether a member is set to that of another record of the type."""
    access = view.field(view.bare(use.value)) if use.value is not None else None
    other = use.scope.member(view.bare(use.value)) if use.value is not None and \
        access is not None else None
    mine = use.scope.member(use.node)
    return mine is not None and other is not None and Key.of(mine) == Key.of(other)


def _is_foreign(use: Use) -> bool:
    """Whether a member is of a record that is not the driver's."""
    access = view.field(use.node)
    type_ = _type_of(use.scope, access.base) if access is not None else None
    return type_ is not None and type_.base.startswith(("struct ", "union ")) and \
        type_.base not in use.scope.world.analysis.symbols.records


def _type_of(scope: Scope, node: Node) -> Type | None:
    """The type of a member access, through records that the driver shares with others."""
    node = view.bare(node)
    access = view.field(node)
    base = _type_of(scope, access.base) if access is not None else None
    if access is None or base is None:
        return scope.type_of(node)
    target = base.target() if access.arrow else base
    found = scope.world.analysis.symbols.member(target, access.name, scope.file) or \
        scope.world.shared.member(target, access.name, scope.file)
    return found.type if found is not None else None
