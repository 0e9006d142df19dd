# SPDX-License-Identifier: GPL-2.0-only
"""Raw syncs for the CPU that start behind where the device writes and the CPU reads.

All three are sums over the start of the buffer: what is added to its DMA address where that is
given to the device, what is added to its address where the CPU reads, and both where the sync is.
A sum that is not followed is no sum.
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
    is_own,
    kept,
    plus,
    terms,
    to_device,
)
from netmem_migrate.flow.sync.members import base_of
from netmem_migrate.flow.sync.pools import Tracer, allocates
from netmem_migrate.flow.sync.scopes import (
    Part,
    Scope,
    World,
    number,
    squeezed,
    stripped,
    total,
)
from netmem_migrate.flow.sync.sites import Raw, raws
from netmem_migrate.model.functions import BY_NAME, FUNCTIONS
from netmem_migrate.model.kernel_calls import has, named
from netmem_migrate.model.schema import Effect, Side, Trait
from netmem_migrate.model.spelled import RAW_RANGE, RAW_SINGLE, TO_DEVICE

if TYPE_CHECKING:
    from tree_sitter import Node

ADDRESSES = frozenset(
    one.name.encode() for one in FUNCTIONS if one.effect is Effect.BORROWS and not one.gives
    and one.side in (Side.PAGE, Side.NETMEM))
"""What gives the address of memory for the CPU."""


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
class Elsewhere:
    """A sync that starts behind where the device writes, which is where the CPU reads."""

    raw: Raw
    start: At
    device: At
    read: At


def elsewhere(world: World) -> list[Elsewhere]:
    """All such syncs of a driver; none where another one may be of what they leave out."""
    found: list[Elsewhere] = []
    for scope in world.scopes(*(one.encode() for one in named(Trait.POOL_SYNC))):
        if any(has(call.name, Trait.POOL_SYNC) for call in view.calls(scope.node)):
            return []
    for scope in world.scopes(RAW_RANGE.encode(), RAW_SINGLE.encode()):
        for raw in raws(scope):
            if squeezed(raw.direction) == TO_DEVICE.encode():
                continue
            both = _places(world, raw) if not scope.node.has_error else None
            read = _read(world, raw, both[1]) if both is not None and _is_behind(
                world, *both) else None
            if both is None or read is None:
                return []
            found.append(Elsewhere(raw, *both, read))
    return found


def _is_behind(world: World, start: At, device: At) -> bool:
    """Whether one place is shown to be behind another: by constants that are added."""
    count, names = plus(start.more, device.more, -1)
    return count >= 0 and (count > 0 or bool(names)) and all(
        times > 0 and not name.startswith(HERE) and not _is_zero(world, name)
        for name, times in names)


def _is_zero(world: World, name: bytes) -> bool:
    macros = world.analysis.symbols.macros.get(name, ())
    return any(number(one.body.strip().strip(b"()")) == 0 for one in macros)


def _places(world: World, raw: Raw) -> tuple[At, At] | None:
    """Where a sync starts, and where the device writes."""
    scope = raw.scope
    whole = total(scope, raw.address)
    more = total(scope, raw.offset) if raw.offset is not None else None
    plain = whole.number + (more.number if more is not None else 0)
    base = _base(whole.parts)
    if base is None:
        return None
    rest = (*(one for one in whole.parts if one is not base),
            *(more.parts if more is not None else ()))
    if address_of(base) is not None:
        over = terms(scope, b"", plain, rest)
        device = _given(world)
        return (At(over, scope, raw.address), device) if over is not None and device is not None \
            else None
    over = terms(scope, base_of(base.node), plain, rest)
    first = _of_member(world, scope, base.node)
    if over is None or first is None:
        return None
    return At(plus(first[0], over), scope, raw.address), first[1]


def _base(parts: tuple[Part, ...]) -> Part | None:
    """The one term of a sum that is an address: a member, or what the pool says."""
    found = [one for one in parts if address_of(one) is not None
             or view.field(_array(one.node)) is not None]
    return found[0] if len(found) == 1 and not found[0].less else None


def _array(node: Node) -> Node:
    inner = view.operand(node)
    return inner if node.type == "subscript_expression" and inner is not None else node


def _of_member(world: World, scope: Scope, node: Node) -> tuple[Terms, At] | None:
    """What a member that keeps the address is over the buffer's, and what the device is given."""
    member = scope.member(_array(node))
    if member is not None and is_own(member):
        held = kept(world, member)
        device = _told(world, held) if isinstance(held, Kept) else None
        return (held.more, device) if isinstance(held, Kept) and device is not None else None
    access = view.field(_array(node))
    if access is None or _is_set(world, access.name):
        return None
    # A field of a descriptor that no file of the driver sets: it is what the device is given.
    device = _given(world)
    return (device.more, device) if device is not None else None


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


def _given(world: World) -> At | None:
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
        if to_device(scope, call):
            yield from call.args


def _is_filled(scope: Scope, memory: Node) -> bool:
    """Whether memory is what was just taken from a pool, or what a member has."""
    memory = stripped(scope, memory)
    value = scope.once(memory)
    node = stripped(scope, value) if value is not None else memory
    call = view.call(node)
    return (call is not None and allocates(call)) or view.field(_array(node)) is not None


def _read(world: World, raw: Raw, device: At) -> At | None:
    """Where the CPU reads what the device wrote, behind the sync in its function."""
    scope = raw.scope
    for call in view.calls(scope.node):
        if call.node.start_byte < raw.call.node.end_byte:
            continue
        for memory, more in _reads(scope, call):
            if more == device.more and is_pools(world, scope, memory):
                return At(more, scope, call.node)
    return None


def _reads(scope: Scope, call: view.Call) -> Iterator[tuple[Node, Terms]]:
    """The memory that a call is given an address in, and how far in."""
    if has(call.name, Trait.HARMLESS) and not has(call.name, Trait.CPU_COPIES):
        return
    makes = has(call.name, Trait.READS_PACKET)
    known = BY_NAME.get(call.name.decode("latin-1"))
    if makes and (known is None or not has(call.name, Trait.KEEPS)):
        return  # how far in the packet begins is told later
    for index, arg in enumerate(call.args):
        whole = total(scope, arg)
        mine = [(one, memory) for one in whole.parts if (memory := seen(one.node)) is not None]
        if len(mine) != 1 or mine[0][0].less:
            continue
        rest = tuple(one for one in whole.parts if one is not mine[0][0])
        count = whole.number
        if makes and known is not None and index == known.memory and index + 1 < len(call.args):
            room = total(scope, call.args[index + 1])
            rest, count = (*rest, *room.parts), count + room.number
        more = terms(scope, base_of(mine[0][1]), count, rest)
        if more is not None:
            yield mine[0][1], more


def seen(node: Node) -> Node | None:
    """The memory of which an expression is the address for the CPU."""
    call = view.call(node)
    return call.args[0] if call is not None and call.args and call.name in ADDRESSES else None


def is_pools(world: World, scope: Scope, memory: Node) -> bool:
    """Whether memory comes from a pool, whatever way."""
    tracer = Tracer(world, allocates)
    tracer.of(scope, memory)
    return any(one.wanted for one in tracer.found) and all(
        one.wanted or _is_copied(one.node) for one in tracer.found)


def _is_copied(node: Node) -> bool:
    """Whether an array is only given to what copies it."""
    around = view.outer(node).parent
    call = view.call(around.parent) if around is not None and \
        around.type == "argument_list" else None
    return call is not None and has(call.name, Trait.COPIES)
