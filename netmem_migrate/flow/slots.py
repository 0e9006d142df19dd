# SPDX-License-Identifier: GPL-2.0-only
"""The slots of one driver: one object for each thing that can hold a page."""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias

from tree_sitter import Node

from netmem_migrate.c.pattern import Pattern
from netmem_migrate.c.symbols import Function, Global, Symbols
from netmem_migrate.c.types import Declarator, Member, Record
from netmem_migrate.flow import keys
from netmem_migrate.flow.carriers import Carriers
from netmem_migrate.flow.graph import Graph, Kind, Place, Slot, Spelling
from netmem_migrate.flow.outside import Outside
from netmem_migrate.model.forms import MEMORY, Form, Table, table
from netmem_migrate.model.target import Target
from netmem_migrate.model.twins import Twin, by_page
from netmem_migrate.reasons import Why

_MEMBER = re.compile(r"(?:->|\.)\s*(\w+)")
_Named: TypeAlias = tuple[set[keys.Key], dict[str, list[Member]]]
"""Members of one name: the keys of those that are repeated in a record, and all by record."""


class Slots:
    """Finds or makes the slot of a member, parameter, return value, local, global or call."""

    def __init__(self, symbols: Symbols, target: Target, own: frozenset[str],
                 carriers: Carriers | None = None, outside: Outside | None = None,
                 rows: Table | None = None) -> None:
        self.symbols = symbols
        self.outside = outside or Outside(None, lambda *_: {})
        self.carriers = carriers or Carriers(own)
        self.target = target
        self.own = own
        self.graph = Graph()
        self.sizes: list[tuple[Place, Node]] = []
        self.read: set[Function] = set()
        self.rows = rows or table()
        self.twins = by_page(self.rows)
        self._patterns: dict[str, dict[str, list[tuple[Form, Pattern]]]] = {}
        self._members = _Members(symbols)

    def fits(self, row: Form) -> bool:
        """Whether the target kernel has what a row needs, or the driver itself declares it."""
        return self.target.fits(row) or (self.brought(row) and all(
            name.encode() in self.symbols.functions for name in row.needs))

    def choose(self, twin: Twin) -> Twin | None:
        """The form of a call that the target has, or its equivalent there; None: neither."""
        return self.target.choose(twin) or (twin if self.fits(twin.form) else None)

    def brought(self, row: Form) -> bool:
        """Whether a pass brought the row: it knows better than a definition that is in sight."""
        return row in self.rows.brought

    def patterns(self, file: str) -> dict[str, list[tuple[Form, Pattern]]]:
        """What the forms look like that a file can hold, by the kind of their node.

        The longest first: what is inside a form can be one of its own.
        """
        if file in self._patterns:
            return self._patterns[file]
        parsed = self.symbols.files[file]
        if self.rows in parsed.kept:
            return self._patterns.setdefault(file, parsed.kept[self.rows])
        source = parsed.source
        found: dict[str, list[tuple[Form, Pattern]]] = {}
        self._patterns[file] = parsed.kept[self.rows] = found
        for row, spelled, words in _shapes(self.rows):
            if all(word in source for word in words) and spelled.node is not None:
                found.setdefault(spelled.node.type, []).append((row, spelled))
        return found

    def member(self, member: Member) -> Slot | None:
        """The slot of a member, or None if it holds no page."""
        type_ = self.carriers.member_type(member)
        if not self.symbols.resolve(type_).is_page or "f" in type_.derivations:
            return None
        key = keys.of_member(member)
        slot = self.graph.slots.get(key)
        if slot is None:
            identifier = member.declarator.identifier
            place = Place(member.file, identifier or member.declaration, "")
            name = f"{record_name(member.record)}.{member.name.decode('latin-1')}"
            slot = Slot(Kind.MEMBER, name, place)
            word = member.record.partition(" ")[0]
            slot.record = word if word in ("struct", "union") else ""
            slot.spellings.append(Spelling(member.file, member.declaration,
                                           member.declarator.node, identifier, ""))
            self.graph.slots[key] = slot
            self._spelled_by_macro(slot)
            if not type_.is_page:
                self.graph.block(slot, Why.MACRO_TYPE, place)
            if self._members.repeated(member):
                self.graph.block(slot, Why.REPEATED, place)
            if member.file not in self.own:
                self.graph.block(slot, Why.OUTSIDE_MEMBER, place)
            elif used := self.outside.uses(member, self.own, self.symbols):
                self.graph.block(slot, Why.USED_MEMBER, place, other=used)
        return slot

    def parameter(self, function: Function, index: int) -> Slot | None:
        """The slot of a parameter, shared by the definition and all prototypes."""
        if index >= len(function.parameters):
            return None
        type_ = self.carriers.parameter_type(function, index)
        if not type_.is_page or "f" in type_.derivations:
            return None
        key = keys.of_parameter(function, index)
        slot = self.graph.slots.get(key)
        if slot is None:
            versions = keys.versions(self.symbols, function)
            best = next((f for f in versions if f.body is not None
                         and index < len(f.parameters)), function)
            declarator = best.parameters[index].declarator
            node = (declarator.identifier if declarator and declarator.identifier
                    else best.parameters[index].declaration)
            title = function.name.decode("latin-1")
            place = Place(best.file, node, title)
            slot = Slot(Kind.PARAMETER, best.parameters[index].name.decode("latin-1"), place)
            for version in versions:
                if index >= len(version.parameters):
                    continue
                parameter = version.parameters[index]
                if parameter.declarator is not None:
                    slot.spellings.append(Spelling(
                        version.file, parameter.declaration, parameter.declarator.node,
                        parameter.declarator.identifier, title))
            self.graph.slots[key] = slot
            if any(version.body is not None and self._differs(version, index)
                   for version in versions):
                self.graph.block(slot, Why.TWO_TYPES, place)
            self._limits(slot, function, versions)
        return slot

    def _differs(self, version: Function, index: int) -> bool:
        """Whether another definition of a function, in another arm, has no page there."""
        return index >= len(version.parameters) or \
            not self.carriers.parameter_type(version, index).is_page

    def result(self, function: Function) -> Slot | None:
        """The slot of what a function returns, shared by the definition and all prototypes."""
        if not self.carriers.result_type(function).is_page:
            return None
        key = keys.of_result(function)
        slot = self.graph.slots.get(key)
        if slot is None:
            versions = keys.versions(self.symbols, function)
            best = next((f for f in versions if f.body is not None), function)
            title = function.name.decode("latin-1")
            slot = Slot(Kind.RETURN, title, Place(best.file, best.declarator, title))
            for version in versions:
                slot.spellings.append(
                    Spelling(version.file, version.node, version.declarator, None, title))
            self.graph.slots[key] = slot
            self._limits(slot, function, versions)
        return slot

    def local(self, function: Function, declaration: Node, declarator: Declarator) -> Slot:
        """The slot of a local, which is known to hold a page."""
        key = keys.of_local(function.file, declarator.node.start_byte)
        slot = self.graph.slots.get(key)
        if slot is None:
            title = function.name.decode("latin-1")
            node = declarator.identifier or declaration
            slot = Slot(Kind.LOCAL, declarator.name.decode("latin-1"),
                        Place(function.file, node, title))
            slot.spellings.append(Spelling(function.file, declaration, declarator.node,
                                           declarator.identifier, title))
            self.graph.slots[key] = slot
            self._spelled_by_macro(slot)
        return slot

    def global_(self, variable: Global) -> Slot | None:
        """The slot of a variable at file scope, or None if it holds no page."""
        type_ = self.carriers.global_type(variable)
        if not type_.is_page or "f" in type_.derivations:
            return None
        key = keys.of_global(variable)
        slot = self.graph.slots.get(key)
        if slot is None:
            identifier = variable.declarator.identifier or variable.declaration
            slot = Slot(Kind.GLOBAL, variable.name.decode("latin-1"),
                        Place(variable.file, identifier, ""))
            for other in self.symbols.globals.get(variable.name, ()):
                if keys.of_global(other) == key:
                    slot.spellings.append(Spelling(other.file, other.declaration,
                                                   other.declarator.node,
                                                   other.declarator.identifier, ""))
            self.graph.slots[key] = slot
        return slot

    def call(self, place: Place, name: str, twin: Twin | None) -> Slot:
        """The slot of a call, or of another form that reads differently for netmem."""
        key = ("call", place.file, place.node.start_byte, place.node.end_byte, name)
        slot = self.graph.slots.get(key)
        if slot is None:
            slot = Slot(Kind.CALL, name, place, twin=twin)
            self.graph.slots[key] = slot
        return slot

    def address_taken(self, function: Function, place: Place) -> None:
        """A function used other than by calling it: nobody knows all its callers."""
        slots = [self.parameter(function, index) for index in range(len(function.parameters))]
        self.graph.addresses.open.update(
            keys.of_parameter(function, index) for index in range(len(function.parameters)))
        for slot in [*slots, self.result(function)]:
            if slot is not None:
                self.graph.block(slot, Why.CALLBACK, place, by=function.name.decode("latin-1"))

    def _spelled_by_macro(self, slot: Slot) -> None:
        """A declaration that a macro makes: what else the macro makes of the name is unknown."""
        for spelling in slot.spellings:
            parsed = self.symbols.files[spelling.file]
            start, end = spelling.declaration.start_byte, spelling.declaration.end_byte
            if any(parsed.source.count(mark, start, end) != parsed.masked.count(mark, start, end)
                   for mark in (b"(", b")", b",")):
                self.graph.block(slot, Why.MACRO_DECLARES, slot.place)

    def _limits(self, slot: Slot, function: Function, versions: list[Function]) -> None:
        title = function.name.decode("latin-1")
        if function.static and function.file.endswith(".c"):
            return
        exported = function.name in self.symbols.exported
        # Only what includes a header that declares it can call it.
        if exported and not (self.outside.known
                             and any(one.file.endswith(".h") for one in versions)):
            self.graph.block(slot, Why.EXPORTED, slot.place, by=title)
        for version in versions:
            if version.file not in self.own:
                self.graph.block(slot, Why.OUTSIDE_FUNCTION, slot.place, by=title)
            elif used := self.outside.calls(version.file, function.name, self.own):
                self.graph.block(slot, Why.USED_FUNCTION, slot.place, by=title, other=used)


class _Members:
    """What records declare, by the names of members."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self._read = 0
        self._records: dict[bytes, list[Record]] = {}
        self._named: dict[bytes, _Named] = {}

    def repeated(self, member: Member) -> bool:
        """Whether other code, under an #if, declares the member of the same record."""
        key = keys.of_member(member)
        again, others = self._of(member.name)
        return key in again or any(
            (other.file == member.file or other.file.endswith(".h"))
            and keys.of_member(other) != key for other in others.get(member.record, ()))

    def _of(self, name: bytes) -> _Named:
        # What a function defines is read with it, and names records that were read before.
        if self._read != len(self._symbols.record_of_node):
            self._read = len(self._symbols.record_of_node)
            self._records.clear()
            self._named.clear()
            for record in (one for some in self._symbols.records.values() for one in some):
                for member in record.members:
                    self._records.setdefault(member, []).append(record)
        if name not in self._named:
            again: set[keys.Key] = set()
            others: dict[str, list[Member]] = {}
            for record in self._records.get(name, ()):
                found = record.members[name]
                others.setdefault(found.record, []).append(found)
                if name in record.repeated:
                    again.add(keys.of_member(found))
            self._named[name] = again, others
        return self._named[name]


@cache
def _shapes(rows: Table) -> list[tuple[Form, Pattern, tuple[bytes, ...]]]:
    """The forms that are found by their look, each with the words that it cannot be without."""
    found = []
    for row in rows.others:
        for spelled in row.spellings:
            words = (*spelled.functions, *_MEMBER.findall(spelled.text))
            # What has none is about types: the flow itself finds it.
            if words and MEMORY in spelled.operands:
                found.append((row, spelled, tuple(word.encode() for word in words)))
    # The longest first: `pp_page_to_nmdesc(p)->pp` is also a `p->pp` of something that is no page.
    return sorted(found, key=lambda one: -len(one[1].text))


def record_name(tag: str) -> str:
    """`struct foo` as the report names it: `foo`."""
    name = tag.removeprefix("struct ").removeprefix("union ")
    return "(anonymous)" if name.startswith("<anonymous") else name
