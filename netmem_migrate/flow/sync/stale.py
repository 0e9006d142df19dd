# SPDX-License-Identifier: GPL-2.0-only
"""Members that keep memory which was given back to its pool, where that they are set means that
they have some.

A ring is filled where a member is empty, and the member is emptied where its memory goes on. Where
it is given back to the pool instead, and the member stays as it is on some way out, the ring gives
it to the device again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.above import above
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.cfg import build
from netmem_migrate.flow.sync.members import Key, hidden, uses
from netmem_migrate.flow.sync.narrow import within
from netmem_migrate.flow.sync.places import array
from netmem_migrate.flow.sync.scopes import Scope, World, squeezed
from netmem_migrate.model.functions import BY_NAME, FUNCTIONS
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Effect, Trait
from netmem_migrate.model.spelled import POOL_PREFIX

if TYPE_CHECKING:
    from tree_sitter import Node

_SHARES = tuple(one.name.encode() for one in FUNCTIONS
                if one.effect in (Effect.TAKES, Effect.SPLITS))
PUTS = tuple(one.name.encode() for one in FUNCTIONS if one.effect is Effect.RELEASES
             and one.memory is not None and one.name.startswith(POOL_PREFIX))


@dataclass(frozen=True, slots=True)
class Stale:
    """A put after which the member stays set: where it is emptied otherwise in the function, and
    where a ring is filled only if it is empty."""

    scope: Scope
    call: view.Call
    key: Key
    record: str
    emptied: Node
    filled: tuple[Scope, Node]


def stale(world: World) -> list[Stale]:
    """All such puts of a driver; none where memory may have more than one reference."""
    found: list[Stale] = []
    if any(call.name in _SHARES for scope in world.scopes(*_SHARES)
           for call in view.calls(scope.node)):
        return []
    known: dict[Key, _Ring] = {}
    for scope in world.scopes(*PUTS):
        for call in view.calls(scope.node) if not scope.node.has_error else ():
            one = _put(world, scope, call, known)
            found += [one] if one is not None else []
    return found


def _put(world: World, scope: Scope, call: view.Call, known: dict[Key, _Ring]) -> Stale | None:
    if call.name not in PUTS:
        return None
    index = BY_NAME[call.name.decode("latin-1")].memory
    node = view.bare(call.args[index]) if index is not None and index < len(call.args) else None
    access = view.field(node)
    member = scope.member(node) if node is not None else None
    base = access.base if access is not None else None
    if node is None or base is None or member is None or base.type != "identifier" or \
            view.text(base) in scope.parameters or not scope.is_local(view.text(base)):
        return None
    emptied = next((one.node for one in view.stores(scope.node)
                    if squeezed(one.target) == squeezed(node) and view.is_null(one.value)), None)
    if emptied is None:
        return None
    key = Key.of(member)
    ring = known.setdefault(key, _Ring(world, key))
    if ring.filled is None or ring.is_above(scope) or not _stays(scope, call, node, base, ring):
        return None
    return Stale(scope, call, key, member.record, emptied, ring.filled)


@dataclass(eq=False)
class _Ring:
    """What a driver does to a member."""

    world: World
    key: Key

    @cached_property
    def _known(self) -> bool:
        """Whether all that may set the member is in sight, as plain stores."""
        return not hidden(self.world, self.key.name) and all(
            one.known and (one.value is not None or not one.written)
            for one in uses(self.world, self.key))

    @cached_property
    def _stores(self) -> list[tuple[Scope, Node]]:
        return [(one.scope, one.node) for one in uses(self.world, self.key) if one.written]

    @cached_property
    def setters(self) -> set[bytes]:
        """The functions that set the member whatever it was, by themselves or by others."""
        found = {scope.function.name for scope, node in self._stores
                 if not self._is_guarded(scope, node)}
        while True:
            more = {scope.function.name for scope in self.world.scopes(*found)
                    for call in view.calls(scope.node)
                    if call.name in found and not self._is_guarded(scope, call.node)} - found
            if not more:
                return found
            found |= more

    @cached_property
    def filled(self) -> tuple[Scope, Node] | None:
        """Where the member is set only if it is empty."""
        if not self._known:
            return None
        names = {scope.function.name for scope, _ in self._stores}
        for scope in self.world.scopes(self.key.name):
            for node in nodes(scope.node, "call_expression", "assignment_expression"):
                call = view.call(node)
                sets = call.name in names if call is not None else any(
                    within(one, node) for other, one in self._stores if other is scope)
                test = self._guard(scope, node) if sets else None
                if test is not None:
                    return scope, test
        return None

    def is_above(self, scope: Scope) -> bool:
        """Whether a function that sets the member calls another one, however deep: it may empty it
        afterwards."""
        left = [one.function.name for one, _ in self._stores if one is not scope]
        done = set(left)
        while left:
            name = left.pop()
            for function in self.world.analysis.symbols.functions.get(name, ()):
                if function.body is None:
                    continue
                called = {call.name for call in view.calls(function.body)}
                if scope.function.name in called:
                    return True
                left += called - done
                done |= called
        return False

    def _is_guarded(self, scope: Scope, node: Node) -> bool:
        return self._guard(scope, node) is not None

    def _guard(self, scope: Scope, node: Node) -> Node | None:
        """The test around a node that the member is empty."""
        for around in above(scope.node, node):
            branch = view.branch(around)
            if branch is None or branch.then is None or not within(node, branch.then):
                continue
            sign = view.prefix(view.bare(branch.test))
            inner = view.bare(sign.argument) if sign is not None and sign.sign == "!" else None
            member = scope.member(array(inner)) if inner is not None else None
            if member is not None and Key.of(member) == self.key:
                return branch.test
        return None


def _stays(scope: Scope, call: view.Call, node: Node, base: Node, ring: _Ring) -> bool:
    """Whether a way leads from a put out of the function, or on to another record, on which nothing
    sets the member."""
    body = scope.function.body
    if body is None:
        return False
    flow = build(body, exact=True)
    start = [(number, index) for number, block in enumerate(flow.blocks)
             for index, item in enumerate(block.items) if within(call.node, item.node)]
    if len(start) != 1:
        return False
    left = [(start[0][0], start[0][1] + 1)]
    done: set[int] = set()
    while left:
        number, index = left.pop()
        ends = False
        for item in flow.blocks[number].items[index:]:
            ends = _sets(item.node, squeezed(node), ring) or _is_lent(item.node, base)
            if ends:
                break
            if any(squeezed(one.target) == view.text(base) for one in view.stores(item.node)):
                return True
        if ends:
            continue
        if number == flow.exit:
            return True
        for edge in flow.blocks[number].edges:
            if edge.to not in done:
                done.add(edge.to)
                left.append((edge.to, 0))
    return False


def _sets(item: Node, member: bytes, ring: _Ring) -> bool:
    return any(squeezed(one.target) == member for one in view.stores(item)) or any(
        call.name in ring.setters for call in view.calls(item))


def _is_lent(item: Node, base: Node) -> bool:
    """Whether a record is given to what may empty it."""
    return any(not has(call.name, Trait.HARMLESS) and any(
        squeezed(arg) == view.text(base) for arg in call.args) for call in view.calls(item))
