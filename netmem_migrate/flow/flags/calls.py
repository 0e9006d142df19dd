# SPDX-License-Identifier: GPL-2.0-only
"""What a module does with the memory of one pool: where it takes, syncs, and gives back some."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.words import CALL
from netmem_migrate.flow.flags.pools import ALL, Asked, Module
from netmem_migrate.flow.flags.ways import Is, flow_of, leads
from netmem_migrate.flow.sync.joined import is_joined
from netmem_migrate.flow.sync.kept import Refused
from netmem_migrate.flow.sync.narrow import within
from netmem_migrate.flow.sync.pools import Origin, Params, Tracer, allocates
from netmem_migrate.flow.sync.scopes import Scope, number, path, squeezed, stripped, total
from netmem_migrate.flow.sync.stale import PUTS
from netmem_migrate.flow.sync.starts import ADDRESSES
from netmem_migrate.flow.sync.unused import is_plain
from netmem_migrate.model.arguments import place_of
from netmem_migrate.model.functions import BY_NAME, FUNCTIONS
from netmem_migrate.model.kernel_calls import has, named
from netmem_migrate.model.schema import Effect, Side, Trait
from netmem_migrate.model.spelled import (
    DEVICE,
    DIRECTION,
    FRAG_MEMORY,
    FROM_DEVICE,
    OFFSET,
    POOL_PREFIX,
    REF,
    SYNC_SIZE,
    TO_DEVICE,
)
from netmem_migrate.reasons import Why

if TYPE_CHECKING:
    from tree_sitter import Node

_POOL = "pool"
_TAKES = tuple(one.name.encode() for one in FUNCTIONS if one.effect is Effect.TAKES
               and one.side in (Side.PAGE, Side.NETMEM))
_FOR_CPU = tuple(one.encode() for trait in (Trait.POOL_SYNC, Trait.RAW_SYNC)
                 for one in named(trait))
_STILL = (Trait.GIVES_BACK, Trait.DMA_ADDRESS, Trait.HARMLESS, Trait.PURE, Trait.SWAPS_BYTES)
_SYNCS = tuple(one.encode() for one in named(Trait.SYNCS_DEVICE))
_SIZED = tuple(one.name.encode() for one in FUNCTIONS if SYNC_SIZE in one.prototype
               and one.effect is Effect.RELEASES)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function: of its arguments, the size of a put, None for one that has none."""

    scope: Scope
    call: view.Call
    size: Node | None = None

    @property
    def where(self) -> str:
        """The place."""
        return self.scope.where(self.call.node)

    @property
    def bytes(self) -> int:
        """How many bytes a put says are touched: none, where that is not known."""
        return ALL if self.size is None or is_all(self.size) else number(squeezed(self.size)) or 0


@dataclass(frozen=True, slots=True)
class Taken:
    """Where memory is taken from the pool, and the sync for the device of all that is taken there,
    right behind it, None where there is none. `touched` is where the CPU asks behind it where it
    finds such memory, or is told by the call itself, "" for nowhere."""

    take: Call
    sync: Call | None
    touched: str = ""


def is_all(size: Node) -> bool:
    """Whether the size of a put is that of all memory."""
    return squeezed(size).strip(b"()") == b"-1"


def hidden(module: Module) -> Refused | None:
    """A call that syncs for the device, or gives back a part, where no function is read."""
    seen = {(scope.file, call.function.start_byte) for scope in module.scopes(*_SYNCS, *_SIZED)
            for call in view.calls(scope.node)}
    for file in module.files:
        source = module.world.analysis.originals[file]
        if not any(one in source for one in (*_SYNCS, *_SIZED)):
            continue
        code = without_comments(source)
        for found in CALL.finditer(code):
            if found[1] in (*_SYNCS, *_SIZED) and (file, found.start()) not in seen:
                line = source.count(b"\n", 0, found.start()) + 1
                return Refused(Why.FLAGS_UNSEEN, other=f"{file}:{line}")
    return None


def puts(module: Module, asked: Asked) -> list[Call] | Refused:
    """Where memory of the pool is given back by the driver."""
    found: list[Call] = []
    for scope in module.scopes(POOL_PREFIX.encode()):
        for call in view.calls(scope.node):
            known = BY_NAME.get(call.name.decode("latin-1"))
            if known is None or known.effect is not Effect.RELEASES or \
                    not known.name.startswith(POOL_PREFIX):
                continue
            at, pool = place_of(call.name, SYNC_SIZE), place_of(call.name, _POOL)
            one = Call(scope, call, call.args[at] if at is not None and at < len(call.args)
                       else None)
            mine = module.is_of(scope, call.args[pool], asked) \
                if pool is not None and pool < len(call.args) else True
            if one.size is not None and not is_all(one.size) and mine is not False and (
                    mine is None or not _is_free(scope, call, one.size)):
                return Refused(Why.FLAGS_PUT, by=squeezed(one.size).decode("latin-1"),
                               other=one.where)
            if mine is not False:
                found.append(one)
    return found


def _is_free(scope: Scope, put: view.Call, size: Node) -> bool:
    """Whether a size can go: it does nothing, and no caller gives it for that alone."""
    names = {view.text(one) for one in (size, *nodes(size, "identifier"))} & {*scope.parameters}
    body = scope.function.body
    used = {view.text(one) for one in nodes(body, "identifier")
            if not within(one, put.node)} if body is not None else set()
    return is_plain(size, frozenset()) and names <= used


def mapped(module: Module) -> Refused | None:
    """Where the driver maps memory that is, or may be, a pool's: it holds it as a page or a
    netmem."""
    for scope in module.scopes():
        for call in view.calls(scope.node):
            if has(call.name, Trait.MAPS) and any(
                    _is_memory(scope, one) and _may_be_pools(module, scope, one)
                    for arg in call.args for one in _inside(arg)):
                return Refused(Why.FLAGS_MAPPED, other=scope.where(call.node))
    return None


def _may_be_pools(module: Module, scope: Scope, memory: Node) -> bool:
    tracer = Tracer(module.world, allocates)
    tracer.of(scope, memory)
    return not tracer.found or not all(map(_is_other, tracer.found))


def _is_other(one: Origin) -> bool:
    """Whether memory is for certain not a pool's: a page of a frag, one that was allocated, or what
    a record of the kernel holds."""
    if one.wanted:
        return False
    call = view.call(one.node)
    if call is not None:
        return call.name.decode("latin-1") in FRAG_MEMORY or has(call.name, Trait.GIVES_PAGE)
    access = view.field(one.node)
    base = one.scope.type_of(access.base) if access is not None else None
    return base is not None and base.base.startswith("struct ") and \
        base.base not in one.scope.world.analysis.symbols.records


def _inside(node: Node) -> Iterator[Node]:
    yield node
    yield from nodes(node, "identifier", "field_expression", "subscript_expression")


def _is_memory(scope: Scope, node: Node) -> bool:
    type_ = scope.type_of(node) if node.type in (
        "identifier", "field_expression", "subscript_expression") else None
    return type_ is not None and ((type_.base == REF and not type_.derivations) or
                                  (type_.is_page and len(type_.derivations) == 1))


def has_address(module: Module) -> bool:
    """Whether the driver asks where the device finds memory of a pool."""
    return any(has(call.name, Trait.DMA_ADDRESS) for scope in module.scopes(POOL_PREFIX.encode())
               for call in view.calls(scope.node))


def taken(module: Module, asked: Asked, made: Params) -> list[Taken] | Refused:
    """Where memory of the pool is taken."""
    syncs = _device_syncs(module, asked, made)
    if isinstance(syncs, Refused):
        return syncs
    found: list[Taken] = []
    for scope in module.scopes(POOL_PREFIX.encode()):
        for call in view.calls(scope.node):
            if not allocates(call):
                continue
            mine = module.is_of(scope, call.args[0], asked)
            if mine is None:
                return Refused(Why.FLAGS_POOL, other=scope.where(call.node))
            if mine:
                sync = syncs.get((scope.file, call.node.start_byte))
                found.append(Taken(Call(scope, call), sync, _touched(scope, call)))
    return found


def _touched(scope: Scope, take: view.Call) -> str:
    known = BY_NAME.get(take.name.decode("latin-1"))
    if known is not None and known.side is Side.ADDRESS:
        return scope.where(take.node)
    return next((scope.where(call.node) for call in view.calls(scope.node)
                 if call.name in ADDRESSES and call.node.start_byte > take.node.end_byte), "")


def shares(one: Taken) -> bool:
    """Whether what is taken may be a part of memory of which others are taken, too."""
    return place_of(one.take.call.name, OFFSET) is not None


def _device_syncs(module: Module, asked: Asked,
                  made: Params) -> dict[tuple[str, int], Call] | Refused:
    """The syncs for the device of what is taken from the pool, by where that is."""
    found: dict[tuple[str, int], Call] = {}
    for scope in module.scopes(*_SYNCS):
        for call in view.calls(scope.node):
            if not has(call.name, Trait.SYNCS_DEVICE) or squeezed(
                    call.args[-1]) == TO_DEVICE.encode():
                continue  # what is sent is synced for the device to read
            one = Call(scope, call)
            what = _what(module, scope, call)
            if what is None:
                return Refused(Why.FLAGS_FOR_DEVICE, other=one.where)
            if not what:
                continue
            take = _take(module, one, asked)
            if isinstance(take, Refused):
                return take
            if take is None:
                continue
            if not _is_covered(module, one, made) or not _can_go(one):
                return Refused(Why.FLAGS_FOR_DEVICE, other=one.where)
            found[scope.file, take.call.node.start_byte] = one
    return found


def _what(module: Module, scope: Scope, call: view.Call) -> bool | None:
    """Whether a sync is of memory of a pool: not of what the driver maps itself; None where that is
    not known."""
    tracer = Tracer(module.world, lambda one: has(one.name, Trait.DMA_ADDRESS))
    for part in total(scope, call.args[1]).parts:
        tracer.of(scope, part.node)
    if any(one.wanted for one in tracer.found):
        return True
    calls = [view.call(one.node) for one in tracer.found]
    maps = [one for one in calls if one is not None and (
        has(one.name, Trait.MAPS) or has(one.name, Trait.ALLOCATES))]
    return False if maps and len(maps) == len(tracer.found) else None


def _take(module: Module, sync: Call, asked: Asked) -> Call | Refused | None:
    """What takes the memory that a sync is of, right before it and on every way there; None for
    memory of another pool."""
    scope = sync.scope
    refused = Refused(Why.FLAGS_FOR_DEVICE, other=sync.where)
    parts = [view.call(part.node) for part in total(scope, sync.call.args[1]).parts]
    asks = [one for one in parts if one is not None and has(one.name, Trait.DMA_ADDRESS)]
    if len(asks) != 1 or not asks[0].args:
        return refused
    memory = squeezed(stripped(scope, asks[0].args[0]))
    takes = [(store, view.call(stripped(scope, store.value))) for store in view.stores(scope.node)
             if squeezed(store.target) == memory]
    calls = [call for _, call in takes if call is not None and allocates(call)]
    if len(takes) != 1 or len(calls) != 1:
        return refused
    (call,) = calls
    mine = module.is_of(scope, call.args[0], asked)
    if mine is None or not _is_right_behind(scope, call, sync.call, memory):
        return refused
    return Call(scope, call) if mine else None


def _is_right_behind(scope: Scope, take: view.Call, sync: view.Call, memory: bytes) -> bool:
    """Whether every way to a sync takes the memory, and nothing writes to it, or moves what it is
    reached by, in between."""
    flow = flow_of(scope)
    if flow is None or take.node.start_byte > sync.node.start_byte:
        return False

    def stops(one: Node) -> bool:
        return within(take.node, one)

    def goal(one: Node) -> bool:
        return within(sync.node, one) and not stops(one)

    if leads(flow, None, stops, goal) is not False or \
            leads(flow, sync.node, stops, goal) is not False:
        return False
    start, end = take.node.end_byte, sync.node.start_byte
    names = {name for name in scope.sets if name in memory}
    moves = any(start <= where.start_byte < end for name in names
                for where, _ in scope.sets[name])
    return not moves and not any(
        _touches(call) for call in view.calls(scope.node)
        if start <= call.node.start_byte < end)


def _touches(call: view.Call) -> bool:
    """Whether a call may write to memory that was just taken, or gives where the CPU finds it."""
    known = BY_NAME.get(call.name.decode("latin-1"))
    if call.name in ADDRESSES or (known is not None and known.effect not in (
            Effect.NONE, Effect.SPLITS, Effect.TAKES)):
        return True
    return known is None and not any(has(call.name, one) for one in _STILL)


def _is_covered(module: Module, sync: Call, made: Params) -> bool:
    """Whether the pool's own sync is of the same device, and does as much."""
    device, own = sync.call.args[0], made.only(DEVICE.encode())
    if own is None or not is_joined(module.world, (sync.scope, path(sync.scope, device)),
                                    (made.scope, path(made.scope, own))):
        return False
    way = squeezed(sync.call.args[-1])
    ways = {squeezed(one) for one in made.each(DIRECTION.encode())}
    return way == FROM_DEVICE.encode() or (bool(ways) and ways == {way})


def _can_go(sync: Call) -> bool:
    """Whether a sync is a statement of its own, and asks nothing else."""
    statement = sync.call.node.parent
    return statement is not None and statement.type == "expression_statement" and \
        statement.parent is not None and statement.parent.type == "compound_statement" and \
        all(is_plain(one, sync.scope.swapping) for one in sync.call.args)


def kept(module: Module) -> str:
    """Where the driver keeps a part of memory of which another goes on, "" for nowhere."""
    for scope in module.scopes(*_TAKES):
        for call in view.calls(scope.node):
            if call.name in _TAKES:
                return scope.where(call.node)
    return ""


def cpu_syncs(module: Module, wanted: Is) -> list[Call]:
    """Where the CPU gets memory of a pool: by the pool's call, or a raw one that is wanted."""
    return [Call(scope, call) for scope in module.scopes(*_FOR_CPU)
            for call in view.calls(scope.node)
            if call.name in _FOR_CPU and squeezed(call.args[-1]) != TO_DEVICE.encode()
            and (has(call.name, Trait.POOL_SYNC) or wanted(call.node))]


def stays(syncs: list[Call]) -> tuple[str, ...]:
    """The syncs for the CPU from where a way leads on without that the memory is given back, a part
    of it is kept, or its place is set to something else."""
    found: list[str] = []
    for one in syncs:
        flow = flow_of(one.scope)
        if flow is None or leads(flow, one.call.node, partial(_leaves, one.scope),
                                 None) is not False:
            found.append(one.where)
    return tuple(found)


def _leaves(scope: Scope, node: Node) -> bool:
    if any(call.name in _TAKES or call.name in PUTS for call in view.calls(node)):
        return True
    return any(store.target.type in ("field_expression", "subscript_expression")
               and _is_memory(scope, store.target) for store in view.stores(node))
