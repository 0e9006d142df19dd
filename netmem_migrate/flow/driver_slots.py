# SPDX-License-Identifier: GPL-2.0-only
"""The slots of one driver: one object for each thing that can hold a page."""

from __future__ import annotations

from tree_sitter import Node

from netmem_migrate.c.symbols import Function, Global, Symbols
from netmem_migrate.c.types import Declarator, Member
from netmem_migrate.flow.carriers import Carriers
from netmem_migrate.flow.graph import Category, Graph, Kind, Place, Slot, Spelling
from netmem_migrate.flow.outside import Outside
from netmem_migrate.model.target import Target
from netmem_migrate.model.twins import Twin


class DriverSlots:
    """Finds or makes the slot of a member, parameter, return value, local, global or call."""

    def __init__(self, symbols: Symbols, target: Target, own: frozenset[str],
                 carriers: Carriers | None = None, outside: Outside | None = None) -> None:
        self.symbols = symbols
        self.outside = outside or Outside(None)
        self.carriers = carriers or Carriers(symbols, own)
        self.target = target
        self.own = own
        self.graph = Graph()
        self.sizes: list[tuple[Place, Node]] = []

    def has(self, name: str) -> bool:
        """Whether the target kernel has a netmem name."""
        return self.target.has(name)

    def member(self, member: Member) -> Slot | None:
        """The slot of a member, or None if it holds no page."""
        if not self.symbols.resolve(member.type).is_page or "f" in member.type.derivations:
            return None
        key = ("member", member.file, member.declarator.node.start_byte)
        slot = self.graph.slots.get(key)
        if slot is None:
            identifier = member.declarator.identifier
            place = Place(member.file, identifier or member.declaration, "")
            name = f"{record_name(member.record)}.{member.name.decode('latin-1')}"
            slot = Slot(Kind.MEMBER, name, place)
            slot.spellings.append(Spelling(member.file, member.declaration,
                                           member.declarator.node, identifier, ""))
            self.graph.slots[key] = slot
            self._spelled_by_macro(slot)
            if not member.type.is_page:
                self.graph.block(slot, Category.MACRO, "is declared through a typedef", place)
            if self._repeated(member):
                self.graph.block(slot, Category.UNRESOLVED,
                                 "is declared more than once, under conditionals", place)
            if member.file not in self.own:
                self.graph.block(slot, Category.EXPORTED,
                                 "is declared outside of this driver", place)
            elif used := self.outside.uses(member, self.own, self.symbols):
                self.graph.block(slot, Category.EXPORTED,
                                 f"is a member that {used} uses, which is not of this driver",
                                 place)
        return slot

    def _repeated(self, member: Member) -> bool:
        """Whether other code, under an #if, declares the member of the same record."""
        for records in self.symbols.records.values():
            for record in records:
                other = record.members.get(member.name)
                if other is None or other.record != member.record:
                    continue
                visible = other.file == member.file or other.file.endswith(".h")
                again = member.name in record.repeated if other is member else visible
                if again:
                    return True
        return False

    def parameter(self, function: Function, index: int) -> Slot | None:
        """The slot of a parameter, shared by the definition and all prototypes."""
        if index >= len(function.parameters):
            return None
        type_ = function.parameters[index].type
        if not type_.is_page or "f" in type_.derivations:
            return None
        key = ("parameter", *self._identity(function), index)
        slot = self.graph.slots.get(key)
        if slot is None:
            versions = self._versions(function)
            best = next((f for f in versions if f.body is not None), function)
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
            self._limits(slot, function, versions)
        return slot

    def result(self, function: Function) -> Slot | None:
        """The slot of what a function returns, shared by the definition and all prototypes."""
        if not function.result.is_page:
            return None
        key = ("return", *self._identity(function))
        slot = self.graph.slots.get(key)
        if slot is None:
            versions = self._versions(function)
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
        key = ("local", function.file, declarator.node.start_byte)
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
        if not variable.type.is_page or "f" in variable.type.derivations:
            return None
        where = variable.file if variable.static else ""
        key = ("global", where, variable.name)
        slot = self.graph.slots.get(key)
        if slot is None:
            identifier = variable.declarator.identifier or variable.declaration
            slot = Slot(Kind.GLOBAL, variable.name.decode("latin-1"),
                        Place(variable.file, identifier, ""))
            for other in self.symbols.globals.get(variable.name, ()):
                if (other.file if other.static else "") == where:
                    slot.spellings.append(Spelling(other.file, other.declaration,
                                                   other.declarator.node,
                                                   other.declarator.identifier, ""))
            self.graph.slots[key] = slot
        return slot

    def call(self, place: Place, name: str, twin: Twin | None) -> Slot:
        key = ("call", place.file, place.node.start_byte, place.node.end_byte, name)
        slot = self.graph.slots.get(key)
        if slot is None:
            slot = Slot(Kind.CALL, name, place, twin=twin)
            self.graph.slots[key] = slot
        return slot

    def address_taken(self, function: Function, place: Place) -> None:
        """A function used other than by calling it: nobody knows all its callers."""
        slots = [self.parameter(function, index) for index in range(len(function.parameters))]
        for slot in [*slots, self.result(function)]:
            if slot is not None:
                self.graph.block(slot, Category.FUNCTION_POINTER,
                                 f"{function.name.decode('latin-1')}() is used as a callback",
                                 place)

    def _identity(self, function: Function) -> tuple[str, bytes]:
        private = function.static and function.file.endswith(".c")
        return (function.file if private else "", function.name)

    def _versions(self, function: Function) -> list[Function]:
        identity = self._identity(function)
        return [other for other in self.symbols.functions.get(function.name, ())
                if self._identity(other) == identity]

    def _spelled_by_macro(self, slot: Slot) -> None:
        """A declaration that a macro makes: what else the macro makes of the name is unknown."""
        for spelling in slot.spellings:
            parsed = self.symbols.files[spelling.file]
            start, end = spelling.declaration.start_byte, spelling.declaration.end_byte
            if any(parsed.source.count(mark, start, end) != parsed.masked.count(mark, start, end)
                   for mark in (b"(", b")", b",")):
                self.graph.block(slot, Category.MACRO, "is declared by a macro", slot.place)

    def _limits(self, slot: Slot, function: Function, versions: list[Function]) -> None:
        title = function.name.decode("latin-1")
        if function.static and function.file.endswith(".c"):
            return
        exported = function.name in self.symbols.exported
        # Only what includes a header that declares it can call it.
        if exported and not (self.outside.known
                             and any(one.file.endswith(".h") for one in versions)):
            self.graph.block(slot, Category.EXPORTED,
                             f"{title}() is exported to other modules", slot.place)
        for version in versions:
            if version.file not in self.own:
                self.graph.block(slot, Category.EXPORTED,
                                 f"{title}() is declared outside of this driver", slot.place)
            elif used := self.outside.calls(version.file, function.name, self.own):
                self.graph.block(slot, Category.EXPORTED,
                                 f"{title}() is used at {used}, which is not of this driver",
                                 slot.place)


def record_name(tag: str) -> str:
    """`struct foo` as the report names it: `foo`."""
    name = tag.removeprefix("struct ").removeprefix("union ")
    return "(anonymous)" if name.startswith("<anonymous") else name
