# SPDX-License-Identifier: GPL-2.0-only
"""How far the elements of an array are apart: by its type, or by a number that a constant record
of the driver keeps beside the function that knows the type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.types import Member
from netmem_migrate.flow.sync.members import Key, hidden, uses
from netmem_migrate.flow.sync.rings import members_at
from netmem_migrate.flow.sync.scopes import Scope, World, squeezed, stripped
from netmem_migrate.flow.sync.values import (
    Element,
    Frame,
    Value,
    Values,
    called,
    element,
    in_macros,
)

if TYPE_CHECKING:
    from tree_sitter import Node


def is_strided(world: World, scope: Scope, carrier: Node, ring: Element, stride: Value) -> bool:
    """Whether elements are as far apart where an address is set as where it is synced."""
    if stride[0] == "size":
        return ring.apart == stride
    key = stride[-1]
    size = _only(members_at(world, key)) if stride[0] == "kept" and isinstance(key, Key) else None
    if size is None or not _is_fixed(world, size) or not _is_set_once(world, stride[1]):
        return False
    if ring.apart[0] != "size":
        return ring.apart == stride
    found = _beside(world, scope, size, str(ring.apart[1]))
    return found is not None and _is_reached_by(world, scope, carrier, found, stride[1])


def _only(members: tuple[Member, ...]) -> Member | None:
    return members[0] if len(members) == 1 else None


def _is_fixed(world: World, member: Member) -> bool:
    """Whether a member is set by initialisers alone."""
    return not hidden(world, member.name) and not any(
        one.written for one in uses(world, Key.of(member)))


def _is_set_once(world: World, key: object) -> bool:
    """Whether a member that leads to a constant record is set in one place."""
    member = _only(members_at(world, key)) if isinstance(key, Key) else None
    if member is None or b"const" not in view.text(member.declaration).split() or \
            hidden(world, member.name):
        return False
    return [one.known and one.value is not None for one in uses(world, Key.of(member))
            if one.written] == [True]


def _beside(world: World, scope: Scope, size: Member, tag: str) -> Member | None:
    """The member that keeps a function in each record of which another is the size of a type; None
    where the function is named elsewhere, or beside another size."""
    found: set[bytes] = set()
    if in_macros(world, scope.function.name):
        return None
    for file in world.analysis.driver.files:
        parsed = world.analysis.symbols.files.get(file)
        for node in nodes(parsed.tree.root_node, "identifier") if parsed is not None else ():
            if view.text(node) != scope.function.name or _is_head(node):
                continue
            pair = view.designated(node.parent) if node.parent is not None else None
            given = _initialised(world, file, node)
            if pair is None or pair[1] != node or given is None or given[0] != size.record or \
                    given[1].get(size.name) != b"sizeof(%b)" % tag.replace(" ", "").encode():
                return None
            found.add(pair[0])
    record = world.analysis.symbols.record(size.record, size.file)
    return record.members.get(found.pop()) if record is not None and len(found) == 1 else None


def _is_head(name: Node) -> bool:
    return name.parent is not None and name.parent.type == "function_declarator"


def _initialised(world: World, file: str,
                 name: Node) -> tuple[str, dict[bytes, bytes]] | None:
    """The type of the constant that a name is a value in, and what its members are set to."""
    whole = name.parent.parent if name.parent is not None else None
    around = whole.parent if whole is not None else None
    declaration = around.parent if around is not None else None
    if whole is None or around is None or around.type != "init_declarator" or \
            declaration is None or b"const" not in view.text(declaration).split(b"{")[0].split():
        return None
    types = [one.type for one in world.analysis.symbols.declarators(file, declaration)]
    pairs = [pair for one in view.children(whole) if (pair := view.designated(one)) is not None]
    if len(types) != 1 or types[0].derivations or len(pairs) != len(view.children(whole)):
        return None
    return types[0].base, {key: squeezed(value) for key, value in pairs}


def _is_reached_by(world: World, scope: Scope, carrier: Node, member: Member,
                   place: object) -> bool:
    """Whether a function is only called by a member of the record, with what that is read from."""
    access = view.field(carrier)
    calls = list(_called(world, member))
    for one in calls:
        if one is None or access is None:
            return False
        outer, call = one
        mine = called(outer, call, scope)
        inner = view.field(view.bare(call.function))
        if mine is None or inner is None:
            return False
        found = element(Values(mine.frame).of(access.base))
        if found is None or Values(Frame(outer)).behind(inner.base) != (
                "member", found.root, place):
            return False
    return bool(calls) and _is_fixed(world, member)


def _called(world: World, member: Member) -> Iterator[tuple[Scope, view.Call] | None]:
    for use in uses(world, Key.of(member)):
        node = view.outer(use.node)
        call = view.call(node.parent)
        yield (use.scope, call) if use.known and call is not None and stripped(
            use.scope, call.function) == use.node else None
