# SPDX-License-Identifier: GPL-2.0-only
"""Syncs for the CPU that start behind where the device writes, and the CPU reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.flow.sync.kept import HERE, Terms, plus, terms
from netmem_migrate.flow.sync.members import base_of
from netmem_migrate.flow.sync.places import At, Sync, syncs
from netmem_migrate.flow.sync.pools import Tracer, allocates
from netmem_migrate.flow.sync.scopes import Scope, World, number, total
from netmem_migrate.model.functions import BY_NAME, FUNCTIONS
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Effect, Side, Trait

if TYPE_CHECKING:
    from tree_sitter import Node

ADDRESSES = frozenset(
    one.name.encode() for one in FUNCTIONS if one.effect is Effect.BORROWS and not one.gives
    and one.side in (Side.PAGE, Side.NETMEM))
"""What gives the address of memory for the CPU."""

START: Terms = (0, frozenset())


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A sync that starts behind where the device writes, which is where the CPU reads."""

    sync: Sync
    start: At
    device: At
    read: At


def elsewhere(world: World) -> list[Elsewhere]:
    """All such syncs of a driver; not where another one may be of what they leave out."""
    every = list(syncs(world))
    behind = [one for one in every if _is_behind(world, one)]
    found: list[Elsewhere] = []
    for one in behind:
        if any(other not in behind and _may_be_same(one, other) for other in every):
            continue
        read = _read(world, one)
        if read is not None and one.start is not None and one.device is not None:
            found.append(Elsewhere(one, one.start, one.device, read))
    return found


def _may_be_same(one: Sync, other: Sync) -> bool:
    """Whether two syncs may be of one buffer."""
    return one.of is None or other.of is None or one.of == other.of


def _is_behind(world: World, one: Sync) -> bool:
    """Whether a sync is shown to start behind where the device writes: by constants."""
    if one.start is None or one.device is None:
        return False
    count, names = plus(one.start.more, one.device.more, -1)
    return count >= 0 and (count > 0 or bool(names)) and all(
        times > 0 and not name.startswith(HERE) and not _is_zero(world, name)
        for name, times in names)


def _is_zero(world: World, name: bytes) -> bool:
    macros = world.analysis.symbols.macros.get(name, ())
    return any(number(one.body.strip().strip(b"()")) == 0 for one in macros)


def _read(world: World, one: Sync) -> At | None:
    """Where the CPU reads just where the device writes: behind the sync in its function, or in
    another one."""
    device = one.device
    if device is None:
        return None
    scopes = sorted(world.scopes(*ADDRESSES), key=lambda scope: scope is not one.scope)
    for scope in scopes:
        for call in view.calls(scope.node) if not scope.node.has_error else ():
            if scope is one.scope and call.node.start_byte < one.call.node.end_byte:
                continue
            for memory, more in _reads(scope, call):
                if more == device.more and is_pools(world, scope, memory):
                    return At(more, scope, call.node)
    return None


def _reads(scope: Scope, call: view.Call) -> Iterator[tuple[Node, Terms]]:
    """The memory that a call is given an address in, and how far in."""
    known = BY_NAME.get(call.name.decode("latin-1"))
    begins = known.memory if known is not None and has(call.name, Trait.READS_PACKET) else None
    exact = begins is not None and has(call.name, Trait.KEEPS)
    copies = has(call.name, Trait.CPU_COPIES)
    if (begins is not None and not exact) or (has(call.name, Trait.HARMLESS) and not copies):
        return  # how far in the packet begins is told later, or nowhere
    for index, arg in enumerate(call.args):
        whole = total(scope, arg)
        mine = [(one, memory) for one in whole.parts if (memory := seen(one.node)) is not None]
        if len(mine) != 1 or mine[0][0].less:
            continue
        rest = tuple(one for one in whole.parts if one is not mine[0][0])
        count = whole.number
        if exact and index == begins and index + 1 < len(call.args):
            room = total(scope, call.args[index + 1])
            rest, count = (*rest, *room.parts), count + room.number
        more = terms(scope, base_of(mine[0][1]), count, rest)
        # The start itself may be named as what the packet is in, not where.
        if more is not None and (more != START or exact or copies):
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
