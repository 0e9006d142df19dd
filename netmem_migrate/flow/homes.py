# SPDX-License-Identifier: GPL-2.0-only
"""Where records of one kind are kept: in which member, or in which local, a pointer finds them.

Two pointers find different records if these are kept in different places. A pointer that a record
keeps is such a place only where it is never set to a record that is kept elsewhere; and none is
told apart in a driver that copies such records whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.types import Type
from netmem_migrate.flow.cfg import constant
from netmem_migrate.flow.graph import reach
from netmem_migrate.flow.writes import is_setter
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

Kept = frozenset[str]
UNKNOWN: Kept = frozenset({"?"})
_LOOPS = ("while_statement", "for_statement", "do_statement")


class Homes:
    """The places where records of a tag ("struct demo_buf") are kept, in the functions of a
    driver."""

    def __init__(self, symbols: Symbols, functions: Sequence[Function], tag: str) -> None:
        self._symbols, self._functions = symbols, functions
        self._tags = self._around(tag)
        self._typed: dict[Function, Typed] = {}
        self._known: dict[tuple[Function, tuple[Kept, ...], bytes], Kept] = {}

    def typed(self, function: Function) -> Typed:
        """The types of what a function names."""
        if function not in self._typed:
            self._typed[function] = Typed(self._symbols, function.file, function)
        return self._typed[function]

    def of(self, function: Function, given: tuple[Kept, ...], value: Node) -> Kept:
        """Where the record is kept that a pointer points to; `given` are those of the function's
        parameters."""
        if self._are_copied:
            return UNKNOWN
        value = _cast(value)
        if value.type == "pointer_expression" and value.children[0].type == "&":
            inner = view.operand(value)
            return self.kept(function, given, inner) if inner is not None else UNKNOWN
        if value.type in ("field_expression", "subscript_expression"):
            return self.kept(function, given, value)
        pair = view.infix(value)
        if pair is not None and pair.sign in ("+", "-"):
            return self.of(function, given, pair.left)
        return self._named(function, given, view.text(value)
                           ) if value.type == "identifier" else UNKNOWN

    def kept(self, function: Function, given: tuple[Kept, ...], node: Node) -> Kept:
        """Where an object is kept, or what a pointer in it points to."""
        if self._are_copied:
            return UNKNOWN
        node = view.bare(node)
        while node.type == "subscript_expression" and (inner := view.operand(node)) is not None:
            node = view.bare(inner)
        if node.type == "field_expression":
            member = self.typed(function).member(node)
            if member is None:
                return UNKNOWN
            name = f"{member.record}.{member.name.decode('latin-1')}"
            union = member.declaration.parent.parent if member.declaration.parent else None
            if member.type.base not in self._tags or (
                    union is not None and union.type == "union_specifier"):
                return UNKNOWN
            if member.type.derivations == ("p",):
                return UNKNOWN if name in self._aliases else frozenset({name})
            # Of pointers in an array each may be one to anything.
            return UNKNOWN if "p" in member.type.derivations else frozenset({name})
        if node.type == "identifier":
            type_ = self.typed(function).declared.get(view.text(node))
            if type_ is not None and "p" not in type_.derivations:
                return frozenset({f"{function.file}:{function.node.start_byte}:"
                                  f"{view.text(node).decode('latin-1')}"})
        return self.of(function, given, node)

    def _named(self, function: Function, given: tuple[Kept, ...], name: bytes) -> Kept:
        """Where the record is kept that a local or parameter points to, whenever it is asked."""
        key = function, given, name
        if key not in self._known:
            self._known[key] = frozenset()  # what leads back to it adds nothing
            self._known[key] = self._found(function, given, name)
        return self._known[key]

    def _found(self, function: Function, given: tuple[Kept, ...], name: bytes) -> Kept:
        found: set[str] = set()
        for number, one in enumerate(function.parameters):
            if one.name == name:
                found |= given[number] if number < len(given) else UNKNOWN
        for store in view.stores(function.node):
            if view.text(store.target) == name:
                found |= self.of(function, given, store.value)
        if any(view.text(node) == name and _is_set_unseen(node)
               for node in nodes(function.node, "identifier")):
            return UNKNOWN
        return frozenset(found) or UNKNOWN

    # ------------------------------------------------------------- in the whole driver

    def _around(self, tag: str) -> frozenset[str]:
        """The records that have one of a tag inside, and itself."""
        key = Homes, len(self._symbols.record_of_node)  # what functions define is read with them
        if key not in self._symbols.kept:
            inside: dict[str, dict[str, None]] = {}
            for name, records in self._symbols.records.items():
                for member in (one for record in records for one in record.members.values()):
                    if "p" not in member.type.derivations:
                        inside.setdefault(member.type.base, {})[name] = None
            self._symbols.kept[key] = inside
        return frozenset(reach([tag], self._symbols.kept[key]))

    @cached_property
    def _are_copied(self) -> bool:
        """Whether any such record is copied whole, or passed as a value."""
        return any(not self._tags.isdisjoint(self._copied(one)) for one in self._functions)

    def _copied(self, function: Function) -> frozenset[str]:
        """The types of what a function copies whole, or passes as a value."""
        key = Homes, function
        if key not in self._symbols.kept:
            self._symbols.kept[key] = frozenset(self._copies(function))
        found: frozenset[str] = self._symbols.kept[key]
        return found

    def _copies(self, function: Function) -> Iterator[str]:
        typed = self.typed(function)
        for store in view.stores(function.node):
            if store.value.type != "initializer_list":
                yield from _whole(typed.of(store.target))
        for call in view.calls(function.node):
            copies = has(call.name, Trait.CPU_COPIES)
            for arg in call.args:
                type_ = typed.of(arg)
                yield from _whole(type_)
                if copies and type_ is not None:
                    yield from _whole(type_.target())

    @cached_property
    def _aliases(self) -> frozenset[str]:
        """The pointers in records that are set to more than what is allocated for them."""
        found: set[str] = set()
        for function in self._functions:
            targets = [(store.target, store.value) for store in view.stores(function.node)]
            taken = [(inner, None) for one in nodes(function.node, "pointer_expression")
                     if one.children[0].type == "&" and (inner := view.operand(one)) is not None]
            for target, value in (*targets, *taken):
                target = view.bare(target)
                if target.type != "field_expression" or (value is not None and (
                        self._is_new(value) or constant(value) is False)):
                    continue
                member = self.typed(function).member(target)
                if member is not None:
                    found.add(f"{member.record}.{member.name.decode('latin-1')}")
        names = self._given_otherwise()
        return frozenset(found) | {
            f"{member.record}.{name.decode('latin-1')}"
            for records in list(self._symbols.records.values()) for record in records
            for name, member in record.members.items() if name in names or record.tag in names}

    def _is_new(self, value: Node) -> bool:
        """Whether a value is memory that the kernel allocates."""
        call = view.call(_cast(value))
        return call is not None and has(call.name, Trait.ALLOCATES) and not any(
            one.body is not None for one in self._symbols.functions.get(call.name, ()))

    def _given_otherwise(self) -> frozenset[bytes | str]:
        """Names of members that are set by more than `=`, and tags of records that have theirs set
        by their place."""
        found: set[bytes | str] = set()
        for function in self._functions:
            for call in view.calls(function.node):
                if is_setter(call.name):
                    found |= {view.text(one) for one in nodes(call.arguments, "field_identifier")}
            for one in nodes(function.node, "initializer_list"):
                inside = view.children(one)
                found |= {view.text(name) for name in nodes(one, "field_identifier")}
                if inside and any(each.type != "initializer_pair" for each in inside):
                    around: Node | None = one
                    while around is not None and around.child_by_field_name("type") is None:
                        around = around.parent
                    said = around.child_by_field_name("type") if around is not None else None
                    if said is not None:
                        type_ = said.child_by_field_name("type") or said
                        found.add(b" ".join(view.text(type_).split()).decode("latin-1"))
        return frozenset(found | self._copied_over())

    def _copied_over(self) -> set[bytes | str]:
        """The tags of records that are copied from, or to, what is not such a record: a pointer in
        one is then where one of another is."""
        found: list[str] = []
        for function in self._functions:
            typed = self.typed(function)
            for call in view.calls(function.node):
                if not has(call.name, Trait.CPU_COPIES):
                    continue
                types = [typed.of(_cast(arg)) for arg in call.args[:2]]
                tags = {type_.base if type_ is not None else "" for type_ in types}
                if len(tags) > 1:
                    found += (one for one in tags if one.startswith("struct "))
        for one in found:
            found += (member.type.base for record in self._symbols.records.get(one, ())
                      for member in record.members.values()
                      if "p" not in member.type.derivations and member.type.base not in found)
        return set(found)


def _whole(type_: Type | None) -> tuple[str, ...]:
    """The type that something is of, where it is no pointer, array or function."""
    return () if type_ is None or type_.derivations else (type_.base,)


def _cast(value: Node) -> Node:
    value = view.bare(value)
    inner = view.value(value) if value.type == "cast_expression" else None
    return view.bare(inner) if inner is not None else value


def _is_set_unseen(name: Node) -> bool:
    """Whether a local may be set there by something else than `=`: by its address, or by the head
    of a loop that a macro makes."""
    node, parent = name, name.parent
    while parent is not None and parent.type in ("parenthesized_expression", "comma_expression"):
        around = parent.parent
        if parent.type == "comma_expression" and around is not None and (
                around.type in _LOOPS or (around.type == "parenthesized_expression"
                                          and around.parent is not None
                                          and around.parent.type in _LOOPS)):
            return True
        node, parent = parent, around
    return parent is not None and (
        (parent.type == "pointer_expression" and parent.children[0].type == "&")
        or (parent.type == "update_expression" and node == view.operand(parent)))
