# SPDX-License-Identifier: GPL-2.0-only
"""What a function can ask to know in which mode it is: the mark of the record, or its ring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.given import is_given
from netmem_migrate.c.symbols import Function
from netmem_migrate.c.types import Type
from netmem_migrate.c.words import WORD
from netmem_migrate.flow.cfg import constant
from netmem_migrate.flow.homes import Homes
from netmem_migrate.flow.marks import Mark
from netmem_migrate.flow.writes import freeing, members
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

_VALUES = ("identifier", "field_expression", "pointer_expression", "subscript_expression")
_NOT_ALWAYS = ("conditional_expression", "sizeof_expression", "compound_statement")


class Asks:
    """What functions can ask, by where a use of the member stands.

    A ring is asked only where it is a parameter that nothing in its function sets, tests, frees, or
    gives the address of, that nobody passes as NULL, and that the function looks into before
    whatever way it takes: then it is there.
    """

    def __init__(self, homes: Homes, calls: Mapping[bytes, Sequence[tuple[Function, view.Call]]],
                 rings: Mapping[Type, set[bytes]], mark: Mark | None,
                 written: Mapping[bytes, frozenset[bytes]], pools: frozenset[bytes]) -> None:
        self._homes, self._calls, self._rings, self._mark = homes, calls, rings, mark
        self._written, self._pools = written, pools
        self._known: dict[Function, list[tuple[bytes, bytes]]] = {}

    def of(self, function: Function, use: Node, base: Node) -> bytes:
        """An expression that is true where a use of `base`'s member is of the pool's memory, b""
        for none."""
        where = view.field(use)
        if self._mark is not None and where is not None:
            if self._sets(function, self._mark.member) or self._is_lost(
                    function, use, frozenset({self._mark.member})):
                return b""
            return (view.text(base) + (b"->" if where.arrow else b".") + self._mark.member + b" & "
                    + self._mark.name)
        found = self._given(function)
        if self._is_lost(function, use, self._pools) or any(
                call.name in self._frees for call in view.calls(function.node)):
            return b""
        rings = sum(type_ in self._rings
                    for type_ in self._homes.typed(function).declared.values())
        return b"".join(found[0]) if len(found) == rings == 1 and self._is_looked_into(
            function, found[0][0], use) else b""

    @cached_property
    def _frees(self) -> frozenset[bytes]:
        functions = list({function for every in self._calls.values() for function, _ in every})
        return freeing(functions, {one: [
            name for name, type_ in self._homes.typed(one).declared.items()
            if type_ in self._rings] for one in functions})

    def _is_lost(self, function: Function, use: Node, members: frozenset[bytes]) -> bool:
        """Whether something that is called before a use may set one of some members."""
        return any(call.node.start_byte < use.start_byte
                   and not members.isdisjoint(self._written.get(call.name, ()))
                   for call in view.calls(function.node))

    def _given(self, function: Function) -> list[tuple[bytes, bytes]]:
        """The rings that a function is given, and how the pool is reached from each."""
        if function not in self._known:
            self._known[function] = [
                (one.name, tail) for index, one in enumerate(function.parameters)
                if (type_ := self._homes.typed(function).declared.get(one.name)) is not None
                for tail in self._rings.get(type_, ())
                if is_given(function.node, one.name, _frees)
                and not self._is_null(function, index)
                and not any(self._sets(function, word) for word in WORD.findall(tail))]
        return self._known[function]

    def _is_null(self, function: Function, index: int) -> bool:
        """Whether anybody may pass NULL."""
        return any(index >= len(call.args) or constant(call.args[index]) is False
                   or view.bare(call.args[index]).type not in _VALUES
                   for _, call in self._calls.get(function.name, ()))

    def _is_looked_into(self, function: Function, name: bytes, use: Node) -> bool:
        """Whether something of the ring is read on every way to a use, or with it."""
        body = function.body
        for one in nodes(function.node, "field_expression"):
            where = view.field(one)
            if where is None or not where.arrow or view.text(where.base) != name:
                continue
            statement: Node | None = one
            while statement is not None and statement.parent != body:
                pair = view.infix(statement)
                if statement.type in _NOT_ALWAYS or (
                        pair is not None and pair.sign in ("&&", "||")) or (
                        statement.type == "pointer_expression"
                        and statement.children[0].type == "&"):
                    break
                statement = statement.parent
            if statement is not None and statement.parent == body and statement.type in (
                    "declaration", "expression_statement") and (
                    statement.start_byte <= use.start_byte) and not any(
                    statement.end_byte <= label.start_byte < use.start_byte
                    for label in nodes(function.node, "labeled_statement")):
                return True
        return False

    def _sets(self, function: Function, member: bytes) -> bool:
        return member in set(members(function.node))


def _frees(name: bytes) -> bool:
    return has(name, Trait.ANY_MEMORY)
