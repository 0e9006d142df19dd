# SPDX-License-Identifier: GPL-2.0-only
"""What a function does with the addresses of frags, in the order of its ways (flow/cfg.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.flow.cfg import ControlFlow, Edge, build
from netmem_migrate.flow.sync.narrow import within
from netmem_migrate.flow.sync.scopes import Scope, stripped
from netmem_migrate.flow.tx.maps import Map, Store, Wrapper, is_error, maps, stores
from netmem_migrate.flow.tx.slots import Key, Slot, names
from netmem_migrate.flow.tx.uses import Role, Use, uses
from netmem_migrate.model.spelled import ANSWERS, KEEPS_ADDRESS

if TYPE_CHECKING:
    from tree_sitter import Node


class Kind(Enum):
    """What happens at a place. In one expression, in this order."""

    MAP = auto()
    USE = auto()
    STORE = auto()  # a slot is set
    SET = auto()  # with the helper
    CHANGE = auto()  # a variable is


@dataclass(frozen=True, slots=True)
class Event:
    """One of these, where it is: `of` is the variable whose value a slot is set to, b"" for any
    other value; `frag` the memory that the helper is given."""

    kind: Kind
    node: Node
    slot: Slot | None = None
    of: bytes = b""
    frag: Node | None = None
    map: Map | None = None
    use: Use | None = None
    name: bytes = b""
    sure: bool = True


At = tuple[int, int]
"""A block, and how many of its events are past."""


@dataclass(eq=False)
class Paths:
    """The ways of a function, with what happens on them to some slots."""

    scope: Scope
    wanted: frozenset[Key]
    wrappers: dict[bytes, Wrapper]
    _lists: dict[int, list[Event]] = field(default_factory=dict)

    @cached_property
    def flow(self) -> ControlFlow:
        """The blocks."""
        assert self.scope.function.body is not None
        return build(self.scope.function.body, exact=True)

    @cached_property
    def maps(self) -> tuple[Map, ...]:
        """Where frags are mapped."""
        return tuple(maps(self.scope, self.wrappers))

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """All of them, by the place."""
        found = [*self._mapped(), *self._used(), *self._stored()]
        words = {name for one in found if one.slot is not None for name in one.slot.names}
        words |= {name for one in self.maps for name in names(one.frag)}
        words |= {one.local for one in self.maps if one.local}
        found += [Event(Kind.CHANGE, node, name=name) for name in words
                  for node, _ in self.scope.sets.get(name, ())]
        found += [Event(Kind.CHANGE, item.node, name=name) for block in self.flow.blocks
                  for item in block.items if item.macro_loop
                  for name in words & names(item.node)]
        return tuple(sorted(found, key=lambda one: one.node.start_byte))

    def _mapped(self) -> Iterator[Event]:
        for one in self.maps:
            yield Event(Kind.MAP, one.call.node, map=one)

    def _used(self) -> Iterator[Event]:
        for one in uses(self.scope, self.wanted):
            if one.role is Role.STORED:
                around = one.node.parent if one.call is None else one.node
                yield Event(Kind.STORE, around or one.node, one.slot, self._variable(one.value))
            elif one.role is Role.SET:
                yield Event(Kind.SET, one.node, one.slot, self._variable(one.value), one.frag)
            else:
                yield Event(Kind.USE, one.node, one.slot, use=one)

    def _variable(self, value: Node | None) -> bytes:
        node = stripped(self.scope, value) if value is not None else None
        return view.text(node) if node is not None and node.type == "identifier" else b""

    def _stored(self) -> Iterator[Event]:
        """What functions do that are called: for each variable that goes to them."""
        given = {view.text(arg) for call in view.calls(self.scope.node) for arg in call.args
                 if arg.type == "identifier"}
        for name in sorted(given):
            for one in stores(self.scope, name):
                if one.slot.key in self.wanted and not _is_here(one):
                    yield Event(Kind.STORE if one.frag is None else Kind.SET, one.node, one.slot,
                                name, one.frag, sure=one.sure)

    def block(self, number: int) -> list[Event]:
        """The events of a block."""
        if number not in self._lists:
            found: list[Event] = []
            for item in self.flow.blocks[number].items:
                found += sorted((one for one in self.events if within(one.node, item.node)),
                                key=lambda one: (one.kind.value, one.node.start_byte))
            self._lists[number] = found
        return self._lists[number]

    @cached_property
    def places(self) -> dict[int, list[At]]:
        """Where each event is, by its number."""
        found: dict[int, list[At]] = {}
        for number in range(len(self.flow.blocks)):
            for index, one in enumerate(self.block(number)):
                found.setdefault(id(one), []).append((number, index))
        return found

    @cached_property
    def before(self) -> dict[int, list[int]]:
        """The blocks that lead to a block."""
        return self.flow.before()

    def on_every_way(self, starts: Iterable[At],
                     told: Callable[[list[Event]], bool | None]) -> bool:
        """Whether something holds on every way to some places: by the events of a block before one,
        as far as these tell of it, and of nothing where a way begins."""
        todo, done = list(starts), set()
        while todo:
            number, index = todo.pop()
            if (number, index) in done:
                continue
            done.add((number, index))
            found = told(self.block(number)[:index])
            if found is False or (found is None and number == 0):
                return False
            if found is None:
                todo += [(one, len(self.block(one))) for one in self.before.get(number, ())]
        return True

    def reached(self, one: Map) -> list[Event]:
        """The events that put the address of a frag into a slot, on some way from where it is
        mapped."""
        if not one.local:
            return [event for event in self.events if event.kind in (Kind.STORE, Kind.SET)
                    and _is_given(event.node, one.call.node)]
        todo = [(number, index + 1) for event in self.events if event.map is one
                for number, index in self.places.get(id(event), ())]
        found: dict[int, Event] = {}
        done: set[At] = set()
        while todo:
            number, index = todo.pop()
            if (number, index) in done:
                continue
            done.add((number, index))
            for event in self.block(number)[index:]:
                if event.kind in (Kind.STORE, Kind.SET) and event.of == one.local:
                    found.setdefault(event.node.start_byte, event)
                if event.kind is Kind.CHANGE and event.name == one.local and not (
                        event.node.start_byte <= one.call.node.start_byte < event.node.end_byte):
                    break
                if event.kind is Kind.MAP and event.map is not None and \
                        event.map.local == one.local:
                    break
            else:
                todo += [(edge.to, 0) for edge in self.flow.blocks[number].edges]
        return [found[start] for start in sorted(found)]

    def is_failed(self, number: int, edge: Edge, address: frozenset[bytes]) -> bool:
        """Whether a way is taken only where an address is none, by what was told of it."""
        if edge.test is None:
            return False
        test = stripped(self.scope, edge.test)
        if test.type == "identifier":
            told = self._told(number, view.text(test))
            return edge.truth and told is not None and is_error(self.scope, told, address)
        pair = view.infix(test)
        if pair is not None and pair.sign == "!=":
            return False
        return edge.truth and is_error(self.scope, test, address)

    def _told(self, number: int, name: bytes) -> Node | None:
        """The answer that a variable has at the end of a block."""
        for item in reversed(self.flow.blocks[number].items):
            mine = [value for node, value in self.scope.sets.get(name, ())
                    if within(node, item.node)]
            if mine:
                call = view.call(mine[0]) if len(mine) == 1 and mine[0] is not None else None
                return mine[0] if call is not None and \
                    call.name.decode("latin-1") in ANSWERS else None
        return None


def _is_given(store: Node, call: Node) -> bool:
    """Whether a store is of what a call gives, and of nothing else."""
    pair = view.infix(store)
    value = pair.right if pair is not None else view.value(store)
    return value is not None and view.bare(value) == call


def _is_here(one: Store) -> bool:
    """Whether a store is in the function itself."""
    call = view.call(one.node)
    return call is None or call.name.decode("latin-1") in KEEPS_ADDRESS


def addresses(one: Map, kept: Slot | None) -> frozenset[bytes]:
    """How the address of a frag is spelled: the variable, and the slot."""
    found = {one.local} if one.local else set()
    if kept is not None:
        found.add(b"".join(kept.spelled.split()))
    return frozenset(found)
