# SPDX-License-Identifier: GPL-2.0-only
"""Where values of one kind go in a unit: through locals, members, parameters and results.

A value is followed by name within a function, by record and name through members, and by place
through calls of the unit's own functions. What is computed from it counts as it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.judge.unit import Body, Unit, Use
from netmem_migrate.model import spelled
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import traits

Atom = tuple[str, ...]
"""What can hold a value: ("local", file, function, name), ("member", record, name) and the like."""


def call_atom(file: str, call: Node) -> Atom:
    """What a call gives, by its place."""
    return ("call", file, str(call.start_byte))


def use_atom(use: Use) -> Atom:
    """The same of a call in a function of the unit."""
    return call_atom(use.body.file, use.call.node)


class Atoms:
    """What expressions of a unit read and write, as atoms; `through`: by pointers, too, that are
    given, or set to the address of something in the same function; `opaque`: through records, too,
    that functions of the kernel write and read."""

    def __init__(self, unit: Unit, *, through: bool = False, opaque: bool = False) -> None:
        self.unit = unit
        self._through, self._takes_opaque = through, opaque
        self._edges: dict[Atom, set[Atom]] = {}
        self._done: set[Body] = set()

    def of(self, body: Body, node: Node) -> Atom | None:
        """The atom of a name, a member, or what a pointer or subscript leads to."""
        node = view.bare(node)
        if node.type == "identifier":
            return ("local", body.file, body.name, view.text(node).decode("latin-1"))
        if node.type == "field_expression":
            found = view.field(node)
            if found is None:
                return None
            member = self.unit.typed(body).member(node)
            name = found.name.decode("latin-1")
            if member is None:
                return self._member(body, found.base, name)
            return ("member", member.record.rpartition(" ")[2], name)
        macro = kept(node)
        if macro is not None:
            return self._member(body, *macro)
        if node.type in ("subscript_expression", "pointer_expression"):
            inner = view.operand(node)
            return self.of(body, inner) if inner is not None else None
        if node.type == "cast_expression":
            inner = view.value(node)
            return self.of(body, inner) if inner is not None else None
        return None

    def _member(self, body: Body, base: Node, name: str) -> Atom:
        """The atom of a member that a macro names, of what a pointer leads to."""
        type_ = self.unit.typed(body).of(base)
        tag = type_.base.rpartition(" ")[2] if type_ is not None else ""
        return ("member", tag, name)

    def kept_by(self, body: Body, call: view.Call) -> tuple[Atom, Node] | None:
        """What a macro that keeps an address to unmap sets, and to what."""
        number = spelled.KEEPS_ADDRESS.get(call.name.decode("latin-1"))
        if number is None or len(call.args) != number + 3:
            return None
        base, name, value = call.args[number:]
        return self._member(body, base, _named(name)), value

    def members(self, names: Collection[str]) -> Iterator[tuple[Body, Atom]]:
        """Each use of a member of some names, with the function that it stands in."""
        for body in dict.fromkeys(one for name in names for one in self.unit.saying.get(name, ())):
            for node in nodes(body.node, "field_expression", "call_expression"):
                found = view.field(node)
                macro = kept(node) if found is None else None
                if (found is not None and found.name.decode("latin-1") in names) or (
                        macro is not None and macro[1] in names):
                    atom = self.of(body, node)
                    if atom is not None:
                        yield body, atom

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
            macro = kept(one)
            if macro is not None:
                yield self._member(body, *macro)
                continue
            if call is not None:
                name = call.name.decode("latin-1")
                if name in self.unit.by_name:
                    yield ("result", name)
                    continue
                yield call_atom(body.file, one)
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

    def _about(self, atom: Atom) -> list[Body]:
        """The functions that can set something from an atom."""
        if atom[0] == "record":
            return self.unit.saying.get(atom[1].rpartition(" ")[2], [])
        if atom[0] in ("local", "call"):
            own = atom[2] if atom[0] == "local" else ""
            found = [one for one in self._of_file.get(atom[1], ()) if own in ("", one.name) and (
                own or one.node.start_byte <= int(atom[2]) < one.node.end_byte)]
            if self._through and own and any(b"*" + atom[3].encode("latin-1") in view.text(one.node)
                                             for one in found):
                found += self.unit.saying.get(own, [])
            return found
        return self.unit.saying.get(atom[-1], [])

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
        for pointer, into in self._written(body) if self._through else ():
            self._add(pointer, into)
        for end in nodes(body.node, "return_statement"):
            for value in view.children(end):
                for origin in self.read(body, value):
                    self._add(origin, ("result", body.name))
        for call in view.calls(body.node):
            self._read_call(body, call)

    def _read_call(self, body: Body, call: view.Call) -> None:
        for origin, into in self._opaque(body, call) if self._takes_opaque else ():
            self._add(origin, into)
        given_to = self.kept_by(body, call)
        if given_to is not None:
            for origin in self.read(body, given_to[1]):
                self._add(origin, given_to[0])
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

    def _opaque(self, body: Body, call: view.Call) -> Iterator[tuple[Atom, Atom]]:
        """What a function that is not read may put into a record that it is given, or take out of
        one: the record is an atom then."""
        name = call.name.decode("latin-1")
        if not name or name in self.unit.by_name or traits(name) or name in BY_NAME:
            return
        for arg in call.args:
            type_ = self.unit.typed(body).of(arg)
            if type_ is None or type_.derivations != ("p",) or not type_.base.startswith("struct "):
                continue
            if type_.base in self.unit.records:
                continue
            record = ("record", type_.base)
            yield record, call_atom(body.file, call.node)
            for other in call.args:
                sign = view.prefix(view.bare(other))
                given = self.of(body, sign.argument) if sign is not None and sign.sign == "&" \
                    else None
                if given is not None:
                    yield record, given
                elif other is not arg:
                    yield from ((origin, record) for origin in self.read(body, other))

    def _written(self, body: Body) -> Iterator[tuple[Atom, Atom]]:
        """The locals that something is written through, with what they point into."""
        through = {view.text(inner) for store in view.stores(body.node)
                   if store.target.type == "pointer_expression"
                   and (inner := view.operand(store.target)) is not None}
        for store in view.stores(body.node) if through else ():
            sign = view.prefix(view.bare(store.value))
            if sign is not None and sign.sign == "&" and view.text(store.target) in through:
                pointer, into = self.of(body, store.target), self.of(body, sign.argument)
                if pointer is not None and into is not None:
                    yield pointer, into

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


def kept(node: Node) -> tuple[Node, str] | None:
    """The pointer and the member where a macro reads an address that was kept to unmap."""
    call = view.call(node)
    if call is None or view.text(call.function).decode("latin-1") not in spelled.KEPT_ADDRESS \
            or len(call.args) != 2:
        return None
    return call.args[0], _named(call.args[1])


def _named(member: Node) -> str:
    """The name of a member that a macro is given; of an element of an array, that."""
    while member.type == "subscript_expression" and (inner := view.operand(member)) is not None:
        member = inner
    return view.text(member).decode("latin-1")


def parameters(function: Node) -> list[str]:
    """The names of a function's parameters, in order; "" for one without."""
    found = [view.declared(one.child_by_field_name("declarator"))
             for one in view.parameters(function)]
    return [view.text(one).decode("latin-1") if one is not None else "" for one in found]
