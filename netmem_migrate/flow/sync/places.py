# SPDX-License-Identifier: GPL-2.0-only
"""Where a sync for the CPU starts, and where the device writes: sums over the start of the buffer.

What is added to the DMA address of a buffer where that is given to the device, and what is added to
it, or to the pool's own offset, where the sync is. A sum that is not followed is no sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.sync.kept import (
    HERE,
    Kept,
    Terms,
    address_of,
    goes_to_device,
    is_own,
    kept,
    plus,
    terms,
)
from netmem_migrate.flow.sync.members import Key, base_of, hidden, uses
from netmem_migrate.flow.sync.pools import allocates, creates, params
from netmem_migrate.flow.sync.reaching import reaching
from netmem_migrate.flow.sync.scopes import (
    Part,
    Scope,
    Sum,
    World,
    stripped,
    total,
)
from netmem_migrate.flow.sync.sites import Raw, raws
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has, named
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import RAW_RANGE, RAW_SINGLE

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class At:
    """A place in a buffer, over its start, and where the source says so."""

    more: Terms
    scope: Scope
    node: Node

    @property
    def said(self) -> str:
        """The place as a person reads it."""
        words = [name.lstrip(HERE).decode("latin-1") for name, count in sorted(self.more[1])
                 for _ in range(count)]
        words += [str(self.more[0])] if self.more[0] else []
        return " + ".join(["buffer", *words])

    @property
    def where(self) -> str:
        """The line."""
        return self.scope.where(self.node)


@dataclass(frozen=True, slots=True)
class Sync:
    """A sync for the CPU: where it starts, and where the device writes, if both are known; `of` is
    the member that keeps the memory, None where that is not known."""

    scope: Scope
    call: view.Call
    start: At | None = None
    device: At | None = None
    of: Key | None = None


def syncs(world: World) -> Iterator[Sync]:
    """Every sync for the CPU of a driver, but of what is sent."""
    for scope in world.scopes(RAW_RANGE.encode(), RAW_SINGLE.encode()):
        for raw in raws(scope):
            yield _raw(world, raw) if not scope.node.has_error else Sync(scope, raw.call)
    for scope in world.scopes(*(one.encode() for one in named(Trait.POOL_SYNC))):
        for call in view.calls(scope.node):
            if has(call.name, Trait.POOL_SYNC):
                yield _pools(world, scope, call)


def _raw(world: World, raw: Raw) -> Sync:
    scope = raw.scope
    whole = total(scope, raw.address)
    more = total(scope, raw.offset) if raw.offset is not None else Sum(0, ())
    base = _base(whole.parts)
    none = Sync(scope, raw.call)
    if base is None:
        return none
    plain = whole.number + more.number
    rest = (*(one for one in whole.parts if one is not base), *more.parts)
    memory = address_of(base)
    if memory is not None:
        over, device = terms(scope, base_of(memory), plain, rest), given(world)
        if over is None or device is None:
            return none
        return Sync(scope, raw.call, At(over, scope, raw.address), device, member_of(scope, memory))
    over = terms(scope, base_of(base.node), plain, rest)
    first = _of_member(world, scope, base.node)
    if over is None or first is None:
        return Sync(scope, raw.call, of=_of_no_pool(world, scope, base.node))
    held, device, of = first
    return Sync(scope, raw.call, At(plus(held, over), scope, raw.address), device, of)


def _pools(world: World, scope: Scope, call: view.Call) -> Sync:
    """A sync through the pool, which adds the pool's own offset."""
    known = BY_NAME[call.name.decode("latin-1")]
    index = known.memory
    none = Sync(scope, call)
    if index is None or len(call.args) <= index + 1 or scope.node.has_error:
        return none
    memory = call.args[index]
    whole = total(scope, call.args[index + 1])
    over = terms(scope, base_of(memory), whole.number, whole.parts)
    own, device = _offset(world), given(world)
    if over is None or own is None or device is None:
        return none
    return Sync(scope, call, At(plus(own, over), scope, call.node), device,
                member_of(scope, memory))


def _offset(world: World) -> Terms | None:
    """The offset of every pool of a driver; None where they are not the same, or not followed."""
    found: set[Terms | None] = set()
    for scope in world.scopes(*(one.encode() for one in named(Trait.CREATES_POOL))):
        for call in view.calls(scope.node):
            if not creates(call):
                continue
            made = params(scope, call.node)
            if made is None:
                return None
            every = made.each(b"offset")
            whole = total(scope, every[0]) if len(every) == 1 else Sum(0, ())
            found.add(terms(scope, b"", whole.number, whole.parts) if len(every) < 2 else None)
    return found.pop() if len(found) == 1 else None


def member_of(scope: Scope, memory: Node) -> Key | None:
    """The member that memory is taken from."""
    memory = stripped(scope, memory)
    value = scope.once(memory)
    node = array(stripped(scope, value) if value is not None else memory)
    member = scope.member(node)
    return Key.of(member) if member is not None else None


def _base(parts: tuple[Part, ...]) -> Part | None:
    """The one term of a sum that is an address: a member, or what the pool says."""
    found = [one for one in parts if address_of(one) is not None
             or view.field(array(one.node)) is not None]
    return found[0] if len(found) == 1 and not found[0].less else None


def array(node: Node) -> Node:
    """The array of an element, of however many dimensions; anything else is itself."""
    while node.type == "subscript_expression" and (inner := view.operand(node)) is not None:
        node = view.bare(inner)
    return node


def _of_member(world: World, scope: Scope, node: Node) -> tuple[Terms, At, Key | None] | None:
    """What a member that keeps the address is over the buffer's, what the device is given, and the
    member that keeps the memory."""
    member = scope.member(array(node))
    if member is not None and is_own(member):
        held = kept(world, member)
        device = _told(world, held) if isinstance(held, Kept) else None
        return (held.more, device, Key.of(held.buffer)) if isinstance(held, Kept) and \
            device is not None else None
    access = view.field(array(node))
    if access is None or _is_set(world, access.name):
        return None
    # A field of a descriptor that no file of the driver sets: it is what the device is given.
    device = given(world)
    return (device.more, device, None) if device is not None else None


def _of_no_pool(world: World, scope: Scope, node: Node) -> Key | None:
    """A member that keeps an address, if that is always one that the driver maps by itself."""
    member = scope.member(array(node))
    if member is None or not is_own(member) or hidden(world, member.name):
        return None
    writes = [one for one in uses(world, Key.of(member)) if one.written]
    values = [one.value if one.known else None for one in writes]
    return Key.of(member) if values and all(
        value is not None and (view.is_null(value) or _is_mapped(one.scope, value))
        for one, value in zip(writes, values, strict=True)) else None


def _is_mapped(scope: Scope, value: Node) -> bool:
    node = stripped(scope, value)
    found = reaching(scope, node) if node.type == "identifier" else [node]
    return bool(found) and found is not None and all(
        one is not None and (call := view.call(stripped(scope, one))) is not None
        and has(call.name, Trait.MAPS) for one in found)


def _told(world: World, held: Kept) -> At | None:
    if len({one for one, _ in held.device}) != 1:
        return None
    more, where = held.device[0]
    for use in held.writes:
        for call in view.calls(use.scope.node):
            if use.scope.where(call.node) == where:
                return At(more, use.scope, call.node)
    for scope in world.scopes(held.member.name):
        for call in view.calls(scope.node):
            if scope.where(call.node) == where:
                return At(more, scope, call.node)
    return None


def _is_set(world: World, name: bytes) -> bool:
    """Whether any member of a name is set in the driver, or its address is given away."""
    for scope in world.scopes(name):
        for node in nodes(scope.node, "assignment_expression", "update_expression",
                          "pointer_expression"):
            if node.type == "pointer_expression" and node.children[0].type != "&":
                continue
            access = view.field(view.changed(node))
            if access is not None and access.name == name:
                return True
    return False


def given(world: World) -> At | None:
    """What the device is given for each buffer of the driver that is filled; None where it is not
    the same everywhere, or not followed."""
    found: list[At] = []
    for scope in world.scopes(*(one.encode() for one in named(Trait.DMA_ADDRESS))):
        for node in _leaving(scope):
            whole = total(scope, node)
            mine = [(one, memory) for one in whole.parts
                    if (memory := address_of(one)) is not None]
            if not mine or not _is_filled(scope, mine[0][1]):
                continue
            rest = tuple(one for one in whole.parts if one is not mine[0][0])
            more = terms(scope, b"", whole.number, rest) if len(mine) == 1 else None
            if more is None:
                return None
            found.append(At(more, scope, node))
    return found[0] if len({one.more for one in found}) == 1 else None


def _leaving(scope: Scope) -> Iterator[Node]:
    """What a function stores elsewhere than in its own names, or gives to what may take it."""
    for store in view.stores(scope.node):
        if view.bare(store.target).type != "identifier":
            yield store.value
    for call in view.calls(scope.node):
        if goes_to_device(scope, call):
            yield from call.args


def _is_filled(scope: Scope, memory: Node) -> bool:
    """Whether memory is what was just taken from a pool, or what a member has."""
    memory = stripped(scope, memory)
    value = scope.once(memory)
    node = stripped(scope, value) if value is not None else memory
    call = view.call(node)
    return (call is not None and allocates(call)) or view.field(array(node)) is not None


