# SPDX-License-Identifier: GPL-2.0-only
"""The types of the simple expressions of one function, or of a file outside of them.

Types are those of declarations that are in sight; where one is not, nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.types import Member, Type

WAYS = ("field_expression", "subscript_expression", "pointer_expression")


class Typed:
    """The types of names, and of what is reached from them by members, `*`, `&` and `[]`."""

    def __init__(self, symbols: Symbols, path: str, function: Function | None) -> None:
        self._symbols, self._path = symbols, path
        self._local: dict[bytes, Type | None] = {}
        if function is None:
            return
        for one in function.parameters:
            self._local[one.name] = one.type
        for node in nodes(function.node, "declaration"):
            for declarator in symbols.declarators(path, node):
                # Scopes are not told apart: a name with two types has none.
                old = self._local.get(declarator.name, declarator.type)
                self._local[declarator.name] = declarator.type if old == declarator.type else None

    def of(self, node: Node) -> Type | None:
        """The type of an expression, None where it is not in sight. Calls have none here."""
        node = view.bare(node)
        ways: list[Node] = []
        while node.type in WAYS and (inner := view.operand(node)) is not None:
            ways.append(node)
            node = view.bare(inner)
        found = self._named(node)
        for way in reversed(ways):
            found = self.behind(way, found)
        return found

    @property
    def declared(self) -> Mapping[bytes, Type | None]:
        """What the function itself declares; None for a name of two types."""
        return self._local

    def member(self, node: Node) -> Member | None:
        """The member that a member access is of."""
        field = view.field(node)
        base = self.of(field.base) if field is not None else None
        if field is None or base is None:
            return None
        return self._symbols.member(base.target() if field.arrow else base, field.name, self._path)

    def _named(self, node: Node) -> Type | None:
        """The type of a name."""
        if node.type != "identifier":
            return None
        name = view.text(node)
        if name in self._local:
            return self.resolved(self._local[name])
        variable = self._symbols.variable(name, self._path)
        return self.resolved(variable.type) if variable is not None else None

    def behind(self, way: Node, base: Type | None) -> Type | None:
        """The type of a member, a subscript, a dereference or an address of something."""
        field = view.field(way)
        if field is not None:
            if base is not None and field.arrow:
                base = base.target()
            found = self._symbols.member(base, field.name, self._path)
            return self.resolved(found.type) if found is not None else self.unread(
                base, field.name)
        if base is None or way.type == "field_expression":
            return None
        return base.pointer() if way.children[0].type == "&" else base.target()

    def unread(self, record: Type | None, name: bytes) -> Type | None:
        """The type of a member of a record that was not read; None where nothing is known."""
        return None

    def resolved(self, type_: Type | None) -> Type | None:
        """A declared type without the driver's own names for it."""
        return self._symbols.resolve(type_) if type_ is not None else None
