# SPDX-License-Identifier: GPL-2.0-only
"""Where values of one kind go in a unit: through locals, members, parameters and results.

A value is followed by name within a function, by record and name through members, and by place
through calls of the unit's own functions. What is computed from it counts as it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.words import WORD
from netmem_migrate.flow.judge.unit import Body, Unit

Atom = tuple[str, ...]
"""What can hold a value: ("local", file, function, name), ("member", record, name) and the like."""


class Atoms:
    """What expressions of a unit read and write, as atoms."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self._typed: dict[Body, Typed] = {}
        self._edges: dict[Atom, set[Atom]] = {}
        self._done: set[Body] = set()

    def typed(self, body: Body) -> Typed:
        """The types of names in a function."""
        if body not in self._typed:
            symbols = self.unit.analysis.symbols
            function = next((one for one in symbols.functions.get(body.name.encode(), ())
                             if one.file == body.file and one.body is not None), None)
            self._typed[body] = Typed(symbols, body.file, function)
        return self._typed[body]

    def of(self, body: Body, node: Node) -> Atom | None:
        """The atom of a name, a member, or what a pointer or subscript leads to."""
        node = view.bare(node)
        if node.type == "identifier":
            return ("local", body.file, body.name, view.text(node).decode("latin-1"))
        if node.type == "field_expression":
            found = view.field(node)
            if found is None:
                return None
            member = self.typed(body).member(node)
            record = member.record.rpartition(" ")[2] if member is not None else ""
            return ("member", record, found.name.decode("latin-1"))
        if node.type in ("subscript_expression", "pointer_expression"):
            inner = view.operand(node)
            return self.of(body, inner) if inner is not None else None
        if node.type == "cast_expression":
            inner = view.value(node)
            return self.of(body, inner) if inner is not None else None
        return None

    def read(self, body: Body, node: Node) -> Iterator[Atom]:
        """The atoms that a value is made of."""
        stack = [node]
        while stack:
            one = stack.pop()
            if one.type in ("identifier", "field_expression"):
                found = self.of(body, one)
                if found is not None:
                    yield found
                continue
            call = view.call(one)
            if call is not None:
                name = call.name.decode("latin-1")
                if name in self.unit.by_name:
                    yield ("result", name)
                    continue
                yield ("call", body.file, str(one.start_byte))
                stack += call.args
                continue
            if one.type == "subscript_expression":
                inner = view.operand(one)
                stack += [inner] if inner is not None else []
                continue
            if one.type != "sizeof_expression":
                stack += view.children(one)

    def _add(self, origin: Atom, into: Atom) -> None:
        self._edges.setdefault(origin, set()).add(into)

    @cached_property
    def _saying(self) -> dict[str, list[Body]]:
        """The functions that say a word."""
        found: dict[str, list[Body]] = {}
        for body in self.unit.bodies:
            for word in set(WORD.findall(view.text(body.node))):
                found.setdefault(word.decode("latin-1"), []).append(body)
        return found

    def _about(self, atom: Atom) -> list[Body]:
        """The functions that can set something from an atom."""
        if atom[0] in ("local", "call"):
            own = atom[2] if atom[0] == "local" else ""
            return [one for one in self._of_file.get(atom[1], ()) if own in ("", one.name) and (
                own or one.node.start_byte <= int(atom[2]) < one.node.end_byte)]
        return self._saying.get(atom[-1], [])

    @cached_property
    def _of_file(self) -> dict[str, list[Body]]:
        found: dict[str, list[Body]] = {}
        for body in self.unit.bodies:
            found.setdefault(body.file, []).append(body)
        return found

    def _read(self, body: Body) -> None:
        for store in view.stores(body.node):
            target = self.of(body, store.target)
            for origin in self.read(body, store.value) if target is not None else ():
                self._add(origin, target)  # type: ignore[arg-type]
        for end in nodes(body.node, "return_statement"):
            for value in view.children(end):
                for origin in self.read(body, value):
                    self._add(origin, ("result", body.name))
        for call in view.calls(body.node):
            for callee in self.unit.by_name.get(call.name.decode("latin-1"), ()):
                names = parameters(callee.node)
                for name, arg in zip(names, call.args, strict=False):
                    inside = ("local", callee.file, callee.name, name)
                    for origin in self.read(body, arg):
                        self._add(origin, inside)
                    sign = view.prefix(view.bare(arg))
                    if sign is not None and sign.sign == "&":
                        given = self.of(body, sign.argument)
                        if given is not None:
                            self._add(inside, given)

    def reached(self, starts: Iterable[Atom]) -> set[Atom]:
        """All atoms that hold what some hold."""
        found = set(starts)
        queue = list(found)
        while queue:
            atom = queue.pop()
            for body in self._about(atom):
                if body not in self._done:
                    self._done.add(body)
                    self._read(body)
            for one in self._edges.get(atom, ()):
                if one not in found:
                    found.add(one)
                    queue.append(one)
        return found


def parameters(function: Node) -> list[str]:
    """The names of a function's parameters, in order; "" for one without."""
    found = [view.declared(one.child_by_field_name("declarator"))
             for one in view.parameters(function)]
    return [view.text(one).decode("latin-1") if one is not None else "" for one in found]
