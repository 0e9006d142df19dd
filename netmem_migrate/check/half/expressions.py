# SPDX-License-Identifier: GPL-2.0-only
"""The types of expressions as a compiler sees them, as far as declarations are in sight."""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.typed import WAYS
from netmem_migrate.c.types import PAGE, Type, read_declarator
from netmem_migrate.check.types import (
    NETMEM_KIND,
    NUMBER_KIND,
    Types,
    kind_of,
    kind_of_parameter,
    kind_of_result,
)
from netmem_migrate.model.schema import ApiFunction
from netmem_migrate.model.spelled import PAGE as PAGE_KIND
from netmem_migrate.model.spelled import REF

NULL = Type("NULL", ("p",))
NETMEM = Type(REF)
_PAGE = Type(PAGE, ("p",))
_POINTER = Type("void", ("p",))
_NUMBER = Type("int")


class Expressions:
    """The types of the expressions of one function, or of a file outside of them."""

    def __init__(self, symbols: Symbols, path: str, function: Function | None,
                 api: Mapping[str, ApiFunction]) -> None:
        self.symbols, self.path, self.api = symbols, path, api
        self.names = Types(symbols, path, function, api)
        self._known: dict[int, Type | None] = {}  # by the node

    def of(self, node: Node) -> Type | None:
        """The type of an expression, None where it is not in sight."""
        around: list[tuple[Node, bool]] = []  # and whether it leads from what is inside
        while (node := view.bare(node)).id not in self._known:
            way = node.type in WAYS
            inner = view.operand(node) if way else _inside(node)
            if inner is None:
                self._known[node.id] = self._plain(node)
                break
            around.append((node, way))
            node = inner
        found = self._known[node.id]
        for one, way in reversed(around):
            found = self.names.behind(one, found) if way else found
            self._known[one.id] = found
        return found

    def _plain(self, node: Node) -> Type | None:
        if _is_null(node):
            return NULL
        if node.type == "call_expression":
            call = view.call(node)
            return self._result(call) if call is not None else None
        if node.type == "cast_expression":
            return self.cast(node)
        return self.names.of(node)

    def _result(self, call: view.Call) -> Type | None:
        if call.name in self.symbols.macros:
            return None
        own = self.symbols.function(call.name, self.path)
        if own is not None:
            return self.names.resolved(own.result)
        known = self.api.get(call.name.decode("latin-1"))
        return of_kind(kind_of_result(known)) if known is not None else None

    def cast(self, node: Node) -> Type | None:
        """The type that a cast, or a compound literal, spells."""
        given = view.type_of(node)
        kind = view.type_of(given) if given is not None else None
        if given is None or kind is None or kind.type == "macro_type_specifier":
            return None
        base = self.symbols.base_of(self.path, kind)
        declarator = given.child_by_field_name("declarator")
        type_ = read_declarator(base, declarator, b"").type if declarator is not None \
            else Type(base)
        return self.names.resolved(type_)

    def parameters(self, call: view.Call) -> tuple[Type | None, ...] | None:
        """What a call is to be given; None where that is not in sight, or of any number."""
        if call.name in self.symbols.macros or not call.name:
            return None
        if call.name in self.names.declared:
            return None
        own = self.symbols.function(call.name, self.path)
        if own is not None:
            return None if own.variadic else tuple(
                self.names.resolved(one.type) for one in own.parameters)
        known = self.api.get(call.name.decode("latin-1"))
        if known is None or known.is_macro or "..." in known.parameters:
            return None
        return tuple(of_parameter(one) for one in known.parameters)


def _inside(node: Node) -> Node | None:
    """The expression that a choice, an assignment or a comma has the type of."""
    if node.type == "assignment_expression":
        return node.child_by_field_name("left")
    if node.type == "comma_expression":
        return node.child_by_field_name("right")
    branch = view.branch(node) if node.type == "conditional_expression" else None
    if branch is None:
        return None
    return branch.otherwise if branch.then is None or _is_null(branch.then) else branch.then


def _is_null(node: Node) -> bool:
    node = view.bare(node)
    return node.type == "null" or (node.type == "identifier" and view.text(node) == b"NULL")


def of_kind(kind: str) -> Type | None:
    """A kind of the model as a type."""
    return {NETMEM_KIND: NETMEM, PAGE_KIND: _PAGE}.get(kind)


def of_parameter(parameter: str) -> Type | None:
    """The type of a parameter of the model, as far as it counts here."""
    kind = kind_of_parameter(parameter)
    found = _NUMBER if kind == NUMBER_KIND else of_kind(kind)
    if found is None and "(" not in parameter and parameter.count("*") == 1:
        return _POINTER
    return found


def is_pointer(type_: Type) -> bool:
    """Whether a value is an address."""
    return bool(type_.derivations) and type_.derivations[0] in "pa"


def clash(one: Type | None, other: Type | None) -> bool:
    """Whether one side is netmem and the other a pointer, or what they point to differs so, or one
    is NULL and the other a number.
    """
    if one is None or other is None or one == other:
        return False
    if NULL in (one, other):
        return kind_of(other if one == NULL else one) in (NETMEM_KIND, NUMBER_KIND)
    if REF not in (one.base, other.base):
        return False
    if NETMEM in (one, other):
        return is_pointer(other if one == NETMEM else one)
    # Both are pointers: to netmem, and to where a page is.
    return PAGE in (one.base, other.base) and is_pointer(one) and is_pointer(other)


def said(type_: Type) -> str:
    """A type with its article, as C spells it."""
    if type_ == NULL:
        return "NULL"
    stars = "".join("*" if one == "p" else "[]" for one in reversed(type_.derivations))
    return f"a {type_.base} {stars}".rstrip()
