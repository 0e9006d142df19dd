# SPDX-License-Identifier: GPL-2.0-only
"""Which pool memory comes from, and the parameters that each pool is made with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.sync.members import Key, Use, hidden, uses
from netmem_migrate.flow.sync.scopes import Scope, World, number, squeezed, stripped
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Effect, Trait
from netmem_migrate.model.spelled import POOL_PARAMS, POOL_PREFIX, REF

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.c.symbols import Function


@dataclass(frozen=True, slots=True)
class Origin:
    """What gives a value: the call that was looked for, or what else, with its place."""

    scope: Scope
    node: Node
    wanted: bool

    @property
    def where(self) -> str:
        """The place."""
        return self.scope.where(self.node)


@dataclass
class Tracer:
    """What all values of an expression come from: calls that are `wanted`, and anything else.

    Of an array, what it is filled with.
    """

    world: World
    wanted: Callable[[view.Call], bool]
    found: list[Origin] = field(default_factory=list)
    _seen: set[tuple[object, ...]] = field(default_factory=set)

    def of(self, scope: Scope, node: Node, *, array: bool = False) -> None:
        """Follow an expression."""
        node = stripped(scope, node)
        branch = view.branch(node)
        call = view.call(node)
        if view.is_null(node):
            return
        if branch is not None and branch.then is not None and branch.otherwise is not None:
            self.of(scope, branch.then, array=array)
            self.of(scope, branch.otherwise, array=array)
        elif call is not None:
            self._call(scope, call, array=array)
        elif node.type == "identifier":
            self._name(scope, node, array=array)
        elif node.type == "field_expression":
            self.member(scope, node)
        elif (inner := _element(node)) is not None:
            self.of(scope, inner, array=True)
        else:
            self._other(scope, node)

    def _other(self, scope: Scope, node: Node) -> None:
        self.found.append(Origin(scope, node, wanted=False))

    def _once(self, *key: object) -> bool:
        known = key in self._seen
        self._seen.add(key)
        return not known

    def _call(self, scope: Scope, call: view.Call, *, array: bool) -> None:
        if self.wanted(call):
            self.found.append(Origin(scope, call.node, wanted=True))
            return
        known = BY_NAME.get(call.name.decode("latin-1"))
        if known is not None and known.effect is Effect.CONVERTS and call.args:
            self.of(scope, call.args[0])
            return
        own = self.world.analysis.symbols.function(call.name, scope.file)
        if own is None or own.body is None:
            empty = array and has(call.name, Trait.ALLOCATES) and not has(
                call.name, Trait.GIVES_PAGE)
            if not empty:
                self._other(scope, call.node)
        elif self._once("returns", own.file, own.name):
            inner = self.world.scope(own)
            for one in nodes(own.body, "return_statement"):
                for value in view.children(one):
                    self.of(inner, value, array=array)

    def _name(self, scope: Scope, node: Node, *, array: bool) -> None:
        name = view.text(node)
        if not scope.is_local(name):
            self._other(scope, node)
            return
        if not self._once("name", scope.file, scope.node.start_byte, name):
            return
        for where, value in scope.sets.get(name, ()):
            if value is not None:
                self.of(scope, value, array=array)
            elif not (array and where.type == "update_expression"):
                self._other(scope, where)
        self._through(scope, name)
        if name in scope.parameters:
            self._passed(scope, scope.parameters.index(name), node, array=array)

    def _through(self, scope: Scope, name: bytes) -> None:
        """Follow what is stored by a pointer to elements."""
        for one in view.stores(scope.node):
            inner = _element(view.bare(one.target))
            if inner is not None and view.text(view.bare(inner)) == name:
                self.of(scope, one.value)

    def _passed(self, scope: Scope, index: int, node: Node, *, array: bool) -> None:
        """What a function is given by all that call it."""
        function = scope.function
        if not function.static and function.name in self.world.analysis.symbols.exported:
            self._other(scope, node)
            return
        count = 0
        for other in self.world.scopes(function.name):
            for one in nodes(other.node, "identifier"):
                if view.text(one) != function.name or one.start_byte < _body(other.function):
                    continue
                call = view.call(one.parent) if one.parent is not None else None
                if call is None or call.function != one or len(call.args) <= index:
                    self._other(other, one)
                else:
                    count += 1
                    self.of(other, call.args[index], array=array)
        if not count:
            self._other(scope, node)

    def member(self, scope: Scope, node: Node) -> None:
        """Follow what a member is set to."""
        member = scope.member(node)
        if member is None:
            self._other(scope, node)
            return
        key = Key.of(member)
        if not self._once("member", key):
            return
        array = len(member.type.derivations) > (0 if member.type.base == REF else 1)
        if hidden(self.world, key.name):
            self._other(scope, node)
        for one in uses(self.world, key):
            if one.written and one.value is not None:
                self.of(one.scope, one.value, array=array)
            elif one.written:
                self._other(one.scope, one.node)
            elif array and one.known:
                self._lent(one)

    def _lent(self, use: Use) -> None:
        """Follow what is stored by what an array is given to."""
        around = view.outer(use.node).parent
        name = view.declared(around.child_by_field_name("declarator")) if around is not None and \
            around.type == "init_declarator" else None
        pair = view.infix(around)
        if name is None and pair is not None and pair.sign == "=":
            name = pair.left
        call = view.call(around.parent) if around is not None and \
            around.type == "argument_list" else None
        if name is not None:
            self._through(use.scope, view.text(name))
        elif call is not None and not has(call.name, Trait.ANY_MEMORY) and not has(
                call.name, Trait.ALLOCATES):
            self._other(use.scope, use.node)


def _element(node: Node) -> Node | None:
    """The array of an element, the pointer of what it points to."""
    inner = view.operand(node)
    if node.type == "subscript_expression" or (
            node.type == "pointer_expression" and node.children[0].type == "*"):
        return inner
    return None


def _body(function: Function) -> int:
    return function.body.start_byte if function.body is not None else 0


def allocates(call: view.Call) -> bool:
    """Whether a call takes memory from the pool that it is given first."""
    name = call.name.decode("latin-1")
    known = BY_NAME.get(name)
    return known is not None and name.startswith(POOL_PREFIX) and bool(call.args) and \
        known.effect is Effect.ALLOCATES


def creates(call: view.Call) -> bool:
    """Whether a call makes a pool."""
    return has(call.name, Trait.CREATES_POOL)


@dataclass(frozen=True, slots=True)
class Params:
    """What a pool is made with: of each parameter all that it may be, where it is not zero."""

    scope: Scope
    call: Node
    values: dict[bytes, tuple[Node, ...]]

    def only(self, name: bytes) -> Node | None:
        """What a parameter is that is set once."""
        found = self.values.get(name, ())
        return found[0] if len(found) == 1 else None

    def each(self, name: bytes) -> tuple[Node, ...]:
        """All that a parameter may be."""
        found: list[Node] = []
        left = list(self.values.get(name, ()))
        while left:
            node = stripped(self.scope, left.pop(0))
            branch = view.branch(node)
            value = self.scope.once(node)
            if branch is not None and branch.then is not None and branch.otherwise is not None:
                left += (branch.then, branch.otherwise)
            elif value is not None:
                left.append(value)
            else:
                found.append(node)
        return tuple(found)


def params(scope: Scope, call: Node) -> Params | None:
    """The parameters that a call makes a pool with; None where they cannot be followed."""
    found = view.call(call)
    given = view.bare(found.args[0]) if found is not None and found.args else None
    inner = view.operand(given) if given is not None and given.type == "pointer_expression" \
        else None
    if inner is None or inner.type != "identifier":
        return None
    name = view.text(inner)
    type_ = scope.typed.of(inner)
    if name in scope.parameters or type_ is None or type_.derivations or \
            type_.base != f"struct {POOL_PARAMS}":
        return None
    values: dict[bytes, tuple[Node, ...]] = {}
    for where, value in scope.sets.get(name, ()):
        if value is None and where == given:
            continue
        if value is None or value.type != "initializer_list":
            return None
        for one in view.children(value):
            pair = view.designated(one)
            if pair is None and number(squeezed(one)) != 0:
                return None
            if pair is not None:
                values[pair[0]] = (pair[1],)
    for store in _stores(scope, name):
        if store is None:
            return None
        values[store[0]] = (*values.get(store[0], ()), store[1])
    return Params(scope, call, values)


def _stores(scope: Scope, name: bytes) -> Iterator[tuple[bytes, Node] | None]:
    """The members of a record that are set, and to what; None where that is no plain store."""
    for node in nodes(scope.node, "field_expression"):
        access = view.field(node)
        if access is None or view.text(access.base) != name:
            continue
        pair = view.infix(node.parent)
        if pair is not None and pair.left == node and node.parent is not None and \
                node.parent.type == "assignment_expression":
            yield (access.name, pair.right) if pair.sign == "=" else None
        elif node.parent is not None and node.parent.type in (
                "pointer_expression", "update_expression"):
            yield None
