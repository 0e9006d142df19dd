# SPDX-License-Identifier: GPL-2.0-only
"""T1 to T3 of a driver that keeps the addresses of frags with netmem_dma_unmap_addr_set(): each
place where one of them does not hold (docs/preparing.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.flow.sync.scopes import Scope, World, squeezed
from netmem_migrate.flow.tx.copied import copied
from netmem_migrate.flow.tx.maps import Map, Wrapper, callee_of, wrappers
from netmem_migrate.flow.tx.paths import Event, Kind, Paths, addresses
from netmem_migrate.flow.tx.skipped import skipped
from netmem_migrate.flow.tx.slots import Key, Slot, is_counted, kept, names, slot
from netmem_migrate.flow.tx.uses import (
    Role,
    Use,
    every_unmap,
    unmapped,
    unmaps,
    unread,
    untold,
    uses,
)
from netmem_migrate.model.spelled import FRAG_MAPS, GIVES_NETMEM, MAPS_SINGLE, SETS_NETMEM
from netmem_migrate.reasons import Reason, Why

if TYPE_CHECKING:
    from tree_sitter import Node


_LEAVES = re.compile(rb"\b(?:return|goto|break|continue)\b")


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not hold, and where: of what slot, in what function."""

    why: Why
    key: Key
    scope: Scope
    node: Node
    by: str = ""

    @property
    def reason(self) -> Reason:
        """It as a reason."""
        return Reason(self.why, self.by, self.scope.where(self.node), self.scope.title,
                      self.scope.file, self.scope.line(self.node))


@dataclass(eq=False)
class Sent:
    """What a driver does with the addresses of frags that some slots keep."""

    world: World
    wanted: frozenset[Key]
    _paths: dict[tuple[str, int], Paths] = field(default_factory=dict)

    @cached_property
    def wrappers(self) -> dict[bytes, Wrapper]:
        """The functions that only map."""
        return wrappers(self.world)

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """The functions that name such a slot, or map a frag."""
        words = {name for _, name in self.wanted} | {one.encode() for one in FRAG_MAPS} | \
            set(self.wrappers)
        return tuple(self.world.scopes(*sorted(words)))

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every use."""
        return tuple(one for scope in self.scopes for one in uses(scope, self.wanted))

    def paths(self, scope: Scope) -> Paths:
        """The ways of a function."""
        key = scope.file, scope.node.start_byte
        if key not in self._paths:
            self._paths[key] = Paths(scope, self.wanted, self.wrappers)
        return self._paths[key]

    @cached_property
    def mapping(self) -> tuple[Paths, ...]:
        """The functions that map frags."""
        return tuple(one for scope in self.scopes if not scope.node.has_error
                     and (one := self.paths(scope)).maps)

    # ------------------------------------------------------------ the faults

    def faults(self) -> list[Fault]:
        """All of them, in order."""
        found = [*self._sets(), *self._reads(), *self._unmaps(), *self._unread()]
        return sorted(dict.fromkeys(found),
                      key=lambda one: (one.scope.file, one.node.start_byte))

    def _sets(self) -> Iterator[Fault]:
        """T2: on each way from where a frag is mapped and kept, the helper sets the slot."""
        met: set[int] = set()
        for paths in self.mapping:
            for one in paths.maps:
                yield from _Way(paths, one, met).faults()
        for scope in self.scopes:
            for event in self.paths(scope).events if not scope.node.has_error else ():
                if event.kind is not Kind.SET or event.slot is None:
                    continue
                if _is_in_arm(scope, event.node, [one.call.node for one in self.paths(scope).maps]):
                    yield Fault(Why.TX_UNSET, event.slot.key, scope, event.node)
                elif event.node.id not in met:
                    yield Fault(Why.TX_OTHER_FRAG, event.slot.key, scope, event.node)
                elif not is_mapped(self.paths(scope), event):
                    yield Fault(Why.TX_OR_HEAD, event.slot.key, scope, event.node)

    def _reads(self) -> Iterator[Fault]:
        """T1: what is set is read for an unmap, or to ask whether there is one, and no more."""
        for use in self.uses:
            if use.role is Role.LENT:
                yield Fault(Why.TX_LENT, use.slot.key, use.scope, use.node)
            elif use.role is Role.READ and (self._is_copied(use) or not is_fresh(
                    self.paths(use.scope), use)):
                yield Fault(Why.TX_READ, use.slot.key, use.scope, use.node)
            elif use.role is Role.TESTED and not is_fresh(self.paths(use.scope), use):
                bad = skipped(self.world, use)
                if bad is not None:
                    yield Fault(Why.TX_SKIPPED, use.slot.key, use.scope, bad[0], bad[1])

    @cached_property
    def _others(self) -> frozenset[Key]:
        """What else is unmapped as pages."""
        return frozenset(one.slot.key for one in every_unmap(self.world)
                         if one.by_page and one.slot is not None) - self.wanted

    def _is_copied(self, use: Use) -> bool:
        """Whether a slot is read to be kept in another one, which is unmapped."""
        pair = view.infix(view.outer(use.node).parent)
        found = slot(use.scope, pair.left) if pair is not None and pair.sign == "=" else None
        return found is not None and found.key in self._others

    def _unmaps(self) -> Iterator[Fault]:
        """T3: what may be a frag's is unmapped with the helper."""
        single = {use.slot.key for use in self.uses
                  if use.role is Role.STORED and _is_single(use)} | {
            event.slot.key for scope in self.scopes if not scope.node.has_error
            for event in self.paths(scope).events if event.slot is not None and event.of
            and _is_head(scope, event.of)}
        pages = {(use.slot.key, _place(use.scope)) for use in self.uses if use.by_page}
        for use in self.uses:
            # Heads are told from frags where both are unmapped.
            if use.role is Role.UNMAPPED and (use.by_page or use.slot.key not in single or (
                    use.slot.key, _place(use.scope)) not in pages):
                yield Fault(Why.TX_RAW, use.slot.key, use.scope, use.node)
        for scope in self.scopes:
            # A local holds what the slot held before the helper set it.
            for call in unmaps(scope) if SETS_NETMEM.encode() in view.text(scope.node) else ():
                found = unmapped(scope, call)
                if found is not None and found.key in self.wanted and \
                        slot(scope, call.args[1]) is None:
                    yield Fault(Why.TX_RAW, found.key, scope, call.node)
        yield from (Fault(Why.TX_RAW, key, one.scope, one.call.node)
                    for one in untold(self.world) for key in sorted(self.wanted))

    def _unread(self) -> Iterator[Fault]:
        for key in sorted({use.slot.key for use in self.uses}):
            where = unread(self.world, key)
            first = next(use for use in self.uses if use.slot.key == key)
            yield from (Fault(Why.TX_LENT, key, scope, node)
                        for scope, node in copied(self.world, key))
            for paths in self.mapping:
                for call in view.calls(paths.scope.node):
                    macros = self.world.analysis.symbols.macros.get(call.name, ())
                    if any(_LEAVES.search(one.body) for one in macros):
                        yield Fault(Why.TX_UNREAD, key, paths.scope, call.node,
                                    paths.scope.where(call.node))
            if where:
                yield Fault(Why.TX_UNREAD, key, first.scope, first.node, where)


def faults(world: World) -> list[Fault]:
    """Where T1 to T3 do not hold of the slots that the helper sets anywhere in a driver."""
    wanted = frozenset(
        held[0].key for scope in world.scopes(SETS_NETMEM.encode())
        for call in view.calls(scope.node)
        if (held := kept(scope, call)) is not None and held[0] is not None
        and held[2] is not None)
    return Sent(world, wanted).faults()


def _place(scope: Scope) -> tuple[str, int]:
    return scope.file, scope.node.start_byte


def arms_at(scope: Scope, at: int) -> set[int]:
    """The arms of `#if` that something stands in."""
    analysis = scope.world.analysis
    groups = analysis.symbols.texts.arms.read(analysis.originals[scope.file]).groups
    return {arm.start for group in groups for arm in group.arms if arm.start <= at < arm.end}


def _is_in_arm(scope: Scope, node: Node, maps: list[Node]) -> bool:
    """Whether a set stands in an arm of `#if` in which no frag is mapped."""
    mine = arms_at(scope, node.start_byte)
    return bool(mine) and not any(mine <= arms_at(scope, one.start_byte) for one in maps)


def _is_single(use: Use) -> bool:
    call = view.call(use.value)
    return call is not None and _maps_single(call)


def _is_head(scope: Scope, name: bytes) -> bool:
    """Whether a variable is ever set to the address of what the CPU's address was mapped for."""
    calls = [call for _, value in scope.sets.get(name, ()) if (call := view.call(value))]
    return any(_maps_single(call) or ((callee := callee_of(scope, call)) is not None and any(
        map(_maps_single, view.calls(callee.node)))) for call in calls)


def _maps_single(call: view.Call) -> bool:
    return call.name.decode("latin-1") in MAPS_SINGLE


@dataclass(frozen=True, slots=True)
class _State:
    """How far a way is: what the address was put into, and what was set since."""

    kept: Slot | None = None
    moved: bool = False  # the slot is not found by its names any more
    other: bool = False  # nor the frag
    lost: bool = False  # nor the variable


@dataclass(eq=False)
class _Way:
    """The ways from where one frag is mapped."""

    paths: Paths
    map: Map
    met: set[int]

    def faults(self) -> Iterator[Fault]:
        """What is wrong on one of them, once for each place."""
        starts = [at for one in self.paths.events if one.map is self.map
                  for at in self.paths.places.get(id(one), ())]
        todo = [(number, index + 1, _State()) for number, index in starts]
        done: set[tuple[int, int, _State]] = set()
        found: dict[Fault, None] = {}
        while todo:
            number, index, state = todo.pop()
            if (number, index, state) in done:
                continue
            done.add((number, index, state))
            after = self._events(self.paths.block(number)[index:], state)
            if isinstance(after, Fault):
                found[after] = None
            elif isinstance(after, _State):
                if number == self.paths.flow.exit and after.kept is not None:
                    found[self._unset(after.kept)] = None
                told = addresses(self.map, after.kept) if not (
                    after.lost or after.moved) else frozenset()
                todo += [(edge.to, 0, after) for edge in self.paths.flow.blocks[number].edges
                         if not self.paths.is_failed(number, edge, told)]
        yield from found

    def _unset(self, slot: Slot) -> Fault:
        return Fault(Why.TX_UNSET, slot.key, self.paths.scope, self.map.call.node)

    def _events(self, events: list[Event], state: _State) -> _State | Fault | None:
        """The state behind some events; None where the slot is set as it is to be."""
        for one in events:
            after = self._event(one, state)
            if not isinstance(after, _State):
                return after
            state = after
        return state

    def _event(self, one: Event, state: _State) -> _State | Fault | None:
        if one.kind is Kind.MAP:
            return self._unset(state.kept) if state.kept is not None else None
        if one.kind is Kind.CHANGE:
            kept = state.kept
            return _State(kept, state.moved or (kept is not None and one.name in kept.names),
                          state.other or one.name in names(self.map.frag),
                          state.lost or (one.name == self.map.local and not self._is_own(one)))
        if one.kind is Kind.STORE and one.slot is not None and self._is_mine(one, state):
            if not one.sure:
                return Fault(Why.TX_FUNCTION, one.slot.key, self.paths.scope, one.node)
            return _State(one.slot, other=state.other, lost=state.lost)
        if one.kind is Kind.SET and one.slot is not None:
            mine = self._is_mine(one, state)
            slot = one.slot if mine else state.kept
            same = slot is not None and slot.text == one.slot.text and (mine or not state.moved)
            if same and not state.other and self._is_frag(one):
                self.met.add(one.node.id)
                return None
            self.met.add(one.node.id)
            return Fault(Why.TX_OTHER_FRAG, one.slot.key, self.paths.scope, one.node)
        return state

    def _is_own(self, change: Event) -> bool:
        return change.node.start_byte <= self.map.call.node.start_byte < change.node.end_byte

    def _is_mine(self, one: Event, state: _State) -> bool:
        """Whether a store is of the address that was mapped."""
        if self.map.local:
            return one.of == self.map.local and not state.lost
        start = self.map.call.node.start_byte
        return one.node.start_byte <= start < one.node.end_byte

    def _is_frag(self, one: Event) -> bool:
        """Whether the helper is given the frag."""
        call = view.call(one.frag)
        return call is not None and call.name.decode("latin-1") in GIVES_NETMEM and \
            len(call.args) == 1 and squeezed(call.args[0]) == squeezed(self.map.frag)


def is_mapped(paths: Paths, event: Event) -> bool:
    """Whether a frag was mapped on every way to where a slot is set, and nothing set since."""
    return paths.on_every_way(paths.places.get(id(event), ()), _mapped)


def _mapped(events: list[Event]) -> bool | None:
    """Whether the last of some events that bears on it maps a frag; None for none."""
    last = next((one for one in reversed(events) if one.kind in (Kind.MAP, Kind.SET)), None)
    return last.kind is Kind.MAP if last is not None else None


def is_fresh(paths: Paths, use: Use) -> bool:
    """Whether a slot was set by a plain store on every way to where it is read."""
    starts = [at for one in paths.events if one.use == use
              for at in paths.places.get(id(one), ())]
    return bool(starts) and not is_counted(use.slot.base + use.slot.index) and \
        paths.on_every_way(starts, lambda events: _last(events, use.slot))


def _last(events: list[Event], slot: Slot) -> bool | None:
    """Whether the last of some events that bears on a slot is a plain store of it; None for
    none."""
    for one in reversed(events):
        if one.kind is Kind.CHANGE and one.name in slot.names:
            return False
        if one.slot is None or one.slot.key != slot.key:
            continue
        if one.kind is Kind.STORE and one.slot.text == slot.text:
            return one.sure
        if one.kind is Kind.SET:
            return False
    return None
