# SPDX-License-Identifier: GPL-2.0-only
"""Arrays that members hold: whether every use of one is seen, and when they are made anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.types import Member, Type
from netmem_migrate.flow.sync.members import Key, uses
from netmem_migrate.flow.sync.narrow import within
from netmem_migrate.flow.sync.scopes import Scope, World, number, stripped
from netmem_migrate.flow.sync.values import (
    Called,
    Frame,
    Value,
    Values,
    apart_of,
    called,
    callers,
    is_entered,
    key_of,
    way,
)
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import FILLS, FREES, PREFETCHES

if TYPE_CHECKING:
    from tree_sitter import Node

At = tuple[Value, tuple[Value, ...]]
"""What the way to an array begins with, and the indexes in it."""


def members_at(world: World, key: Key) -> tuple[Member, ...]:
    """The members of a key: one, or all arms of a union."""
    return tuple(dict.fromkeys(
        member for records in world.analysis.symbols.records.values() for record in records
        for member in record.members.values() if key_of(member) == key))


@dataclass(frozen=True)
class Use:
    """A use of a member that holds an array, with the elements of an array of such: `value` is
    what it is set to."""

    scope: Scope
    node: Node
    known: bool
    written: bool
    value: Node | None

    @property
    def where(self) -> str:
        """The place."""
        return self.scope.where(self.node)

    @property
    def renews(self) -> bool:
        """Whether it is set to memory that is new."""
        return self.value is not None and (call := view.call(
            stripped(self.scope, self.value))) is not None and has(call.name, Trait.ALLOCATES)

    def at(self, frame: Frame | None = None) -> At | None:
        """Which array of all such it is."""
        found = way(Values(frame or Frame(self.scope)).place(self.node))
        return (found[0], found[2]) if found is not None else None


def array_uses(world: World, member: Member) -> Iterator[Use]:
    """The uses of a member that holds an array, or several."""
    for one in uses(world, Key.of(member)):
        node = view.outer(one.node)
        for _ in range(member.type.derivations.count("a")):
            around = node.parent
            if around is not None and around.type == "subscript_expression" and \
                    view.operand(around) == node:
                node = view.outer(around)
        around = node.parent
        pair = view.infix(around)
        set_ = around is not None and pair is not None and pair.left == node and \
            around.type == "assignment_expression"
        other = around is not None and (around.type == "update_expression" or (
            around.type == "pointer_expression" and around.children[0].type == "&"))
        value = pair.right if set_ and pair is not None and pair.sign == "=" else None
        yield Use(one.scope, node, one.known, set_ or other, value)


@dataclass(eq=False)
class Calls:
    """What the functions of a driver call."""

    world: World

    def reaches(self, scope: Scope, start: Node, end: Node, wanted: set[int]) -> bool:
        """Whether a call between two places may come to one of some functions."""
        return any(self._comes(scope, call, wanted, set()) for call in view.calls(scope.node)
                   if start.end_byte <= call.node.start_byte < end.start_byte)

    def comes(self, scope: Scope, wanted: set[int]) -> bool:
        """Whether a function is one of some, or may come to one."""
        return id(scope) in wanted or any(
            self._comes(scope, call, wanted, set()) for call in view.calls(scope.node))

    def _comes(self, scope: Scope, call: view.Call, wanted: set[int], seen: set[int]) -> bool:
        own = self.world.analysis.symbols.function(call.name, scope.file) if call.name else None
        if not call.name or scope.is_local(call.name):
            return True
        if own is None or own.body is None:
            return False
        inner = self.world.scope(own)
        if id(inner) in wanted:
            return True
        if id(inner) in seen:
            return False
        seen.add(id(inner))
        return any(self._comes(inner, one, wanted, seen) for one in view.calls(inner.node))


def statement(node: Node) -> Node:
    """The statement of a block that a node stands in."""
    while node.parent is not None and node.parent.type != "compound_statement":
        node = node.parent
    return node


def precedes(scope: Scope, first: Node, then: Node) -> bool:
    """Whether a plain statement, or a test, is always run before another place."""
    whole = statement(first)
    branch = view.branch(whole)
    plain = whole.type in ("expression_statement", "declaration") or (
        branch is not None and within(first, branch.test))
    around = whole.parent
    return plain and around is not None and whole.end_byte <= then.start_byte and \
        within(then, around) and not is_entered(scope, whole, then)


@dataclass(eq=False)
class Arrays:
    """The records of an array, and the members that hold it.

    `renewed` says of a use that makes all of it anew, or clears it, whether that is right there.
    """

    world: World
    members: tuple[Member, ...]
    renewed: Callable[[Use], bool]

    @property
    def tags(self) -> frozenset[str]:
        """The records, by all names that the memory has."""
        return frozenset(one.type.base for one in self.members) - {"void"}

    def odd(self) -> str:
        """Where something is done with the array that is not followed; "" where nothing is."""
        for member in self.members:
            found = self._macro(member.name) or next(
                (one.where for one in array_uses(self.world, member) if not self._is_right(one)),
                "")
            if found:
                return found
        return self._stray()

    def _macro(self, name: bytes) -> str:
        wanted = re.compile(rb"(?:->|\.)\s*%b\b" % re.escape(name))
        return next((f"{one.file}:{one.line}" for macros in
                     self.world.analysis.symbols.macros.values() for one in macros
                     if wanted.search(one.body)), "")

    def _is_right(self, use: Use) -> bool:
        if not use.known:
            return False
        if use.written:
            return use.value is not None and (
                view.is_null(stripped(use.scope, use.value)) or (
                    use.renews and self.renewed(use)))
        around = use.node.parent
        call = view.call(around.parent) if around is not None else None
        if call is not None and call.name.decode("latin-1") in FILLS:
            return call.args[0] == use.node and len(call.args) > 1 and \
                number(view.text(call.args[1])) == 0 and self.renewed(use)
        return self._is_seen(use.scope, use.node)

    def _stray(self) -> str:
        """Where a record, or a pointer to one, is used as a whole."""
        symbols = self.world.analysis.symbols
        for globals_ in symbols.globals.values():
            for one in globals_:
                if one.type.base in self.tags:
                    return f"{one.file}:{one.declaration.start_point[0] + 1}"
        for scope in self.world.scopes():
            for node in self._pointers(scope):
                if not self._is_seen(scope, node):
                    return scope.where(node)
        return ""

    def _pointers(self, scope: Scope) -> Iterator[Node]:
        """The names of a function that are of the records, and calls that give such."""
        symbols = self.world.analysis.symbols
        types = [(one.name, one.type) for one in scope.function.parameters]
        types += [(one.name, one.type) for node in nodes(scope.node, "declaration")
                  for one in symbols.declarators(scope.file, node)]
        names = {name for name, type_ in types
                 if type_ is not None and symbols.resolve(type_).base in self.tags}
        body = scope.function.body
        for node in nodes(body, "identifier") if body is not None and names else ():
            if view.text(node) in names and not _is_declared(node):
                yield node
        for call in view.calls(scope.node):
            own = symbols.function(call.name, scope.file)
            if own is not None and symbols.resolve(own.result).base in self.tags:
                yield call.node

    def _is_record(self, type_: Type | None) -> bool:
        return type_ is not None and self.world.analysis.symbols.resolve(type_).base in \
            self.tags and type_.derivations == ("p",)

    def _is_seen(self, scope: Scope, node: Node) -> bool:
        """Whether an expression goes only where what is done with it is seen."""
        node = view.outer(node)
        around = node.parent
        if around is None or view.field(around) is not None or around.type in (
                "sizeof_expression", "unary_expression", "update_expression", "if_statement",
                "while_statement", "expression_statement"):
            return around is not None
        if around.type == "parenthesized_expression":
            return self._is_seen(scope, around)
        if around.type in ("subscript_expression", "pointer_expression"):
            return self._is_element(scope, around, node)
        if around.type == "argument_list":
            return self._is_given(scope, around, node)
        if around.type == "return_statement":
            return self._is_record(scope.function.result) or self._is_tested(scope)
        return self._is_moved(scope, around, node)

    def _is_element(self, scope: Scope, around: Node, node: Node) -> bool:
        if around.type == "subscript_expression" and view.operand(around) != node:
            return False
        if around.type == "pointer_expression" and around.children[0].type == "&":
            inner = view.bare(node)
            return inner.type == "subscript_expression" and self._is_seen(scope, around)
        whole = view.outer(around)
        outside = whole.parent
        call = view.call(outside.parent) if outside is not None else None
        return outside is not None and (
            view.field(outside) is not None or outside.type == "sizeof_expression"
            or (call is not None and has(call.name, Trait.SIZED))
            or (outside.type == "pointer_expression" and outside.children[0].type == "&"
                and around.type == "subscript_expression" and self._is_seen(scope, outside)))

    def _is_given(self, scope: Scope, around: Node, node: Node) -> bool:
        call = view.call(around.parent)
        if call is None or node not in call.args:
            return False
        symbols = self.world.analysis.symbols
        if call.name in symbols.macros or scope.is_local(call.name):
            return False
        own = symbols.function(call.name, scope.file)
        if own is not None and own.body is not None:
            number = call.args.index(node)
            return number < len(own.parameters) and self._is_record(own.parameters[number].type)
        if has(call.name, Trait.GIVES_BACK):
            return self._is_seen(scope, call.node)
        return call.name.decode("latin-1") in FREES | PREFETCHES

    def _is_moved(self, scope: Scope, around: Node, node: Node) -> bool:
        pair, branch = view.infix(around), view.branch(around)
        if branch is not None:
            return branch.test == node or self._is_seen(scope, around)
        if around.type == "init_declarator":
            name = view.declared(around.child_by_field_name("declarator"))
            return name is not None and self._is_record(scope.typed.of(name))
        if pair is None:
            return False
        if around.type == "assignment_expression":
            left = view.bare(pair.left)
            return pair.left == node or (pair.sign == "=" and left.type == "identifier"
                                         and self._is_record(scope.typed.of(left)))
        if pair.sign in ("+", "-"):
            other = pair.right if pair.left == node else pair.left
            type_ = scope.type_of(other)
            return (type_ is not None and bool(type_.derivations)) or self._is_seen(scope, around)
        return True

    def _is_tested(self, scope: Scope) -> bool:
        """Whether what a function gives is only tested."""
        found = callers(scope)
        return found is not None and all(
            (around := view.outer(one.call.node).parent) is not None
            and around.type == "unary_expression" for one in found)


def _is_declared(node: Node) -> bool:
    """Whether a name is the one of its own declaration."""
    around: Node | None = node.parent
    inner = node
    while around is not None and around.type == "pointer_declarator":
        inner, around = around, around.parent
    return around is not None and (around.type == "declaration" or (
        around.type == "init_declarator" and around.child_by_field_name("declarator") == inner))


@dataclass(eq=False)
class Renewed:
    """When the array of buffers is made: it has none then, until a function sets one."""

    world: World
    buffers: Member
    fills: set[int]

    def __call__(self, use: Use) -> bool:
        """Whether there is no buffer for any element, where an array is made anew or cleared."""
        if self._is_fresh(use.scope, use.node, use.at()):
            return True
        found = callers(use.scope)
        return found is not None and all(
            self._is_fresh(one.scope, one.call.node, use.at(one.frame)) for one in found)

    def made(self) -> list[Use]:
        """Where arrays of buffers are made."""
        return [one for one in array_uses(self.world, self.buffers) if one.renews]

    def _is_fresh(self, scope: Scope, node: Node, at: At | None) -> bool:
        return at is not None and any(
            one.scope is scope and one.at() == at and precedes(scope, one.node, node)
            and not Calls(self.world).reaches(scope, statement(one.node), node, self.fills)
            and id(scope) not in self.fills for one in self.made())

    def is_behind(self, scope: Scope, node: Node, apart: Value) -> bool:
        """Whether an element, by its address, is the one behind the last buffer: its index is read
        from where the number of them was, just after they were made."""
        value = Values(Frame(scope)).of(node)
        made, array = self.made(), _array(value)
        if array is None or len(made) != 1 or apart_of(value, array[0]) != apart:
            return False
        index = value[2]
        count = way(index[-1]) if isinstance(index, tuple) and index[0] == "any" else None
        if count is None or (count[0], count[2]) != array or not self._counts(made[0], count[1]):
            return False
        writes = {id(one.scope) for member in members_at(self.world, count[1][-1])
                  for one in uses(self.world, Key.of(member)) if one.written}
        found = callers(scope)
        if found is None or Calls(self.world).comes(scope, writes) or \
                Calls(self.world).comes(made[0].scope, writes):
            return False
        return all(self._is_new(one, node, made[0], writes) for one in found)

    def _counts(self, made: Use, keys: tuple[Key, ...]) -> bool:
        """Whether an array of buffers is made of as many as a member says."""
        call = view.call(stripped(made.scope, made.value)) if made.value is not None else None
        at = made.at()
        values = Values(Frame(made.scope))
        return call is not None and at is not None and any(
            (found := way(values.place(one))) is not None
            and (found[0], found[2]) == at and found[1] == keys for one in call.args)

    def _is_new(self, one: Called, node: Node, made: Use, writes: set[int]) -> bool:
        """Whether the array was made before a call, by a call for the same, and the number is
        still what it was."""
        scope = one.scope
        wanted = _array(Values(one.frame).of(node))
        for call in view.calls(scope.node):
            if call.name != made.scope.function.name or not precedes(
                    scope, call.node, one.call.node):
                continue
            before = called(scope, call, made.scope)
            if before is not None and wanted is not None and made.at(before.frame) == wanted and \
                    id(scope) not in writes and not Calls(self.world).reaches(
                        scope, call.node, one.call.node, writes):
                return True
        return False


def _array(value: Value) -> At | None:
    """Which array of all such an element is of."""
    array = value[1] if value[0] == "element" else None
    found = way(array[1]) if isinstance(array, tuple) and array[0] == "array" else None
    return (found[0], found[2]) if found is not None else None
