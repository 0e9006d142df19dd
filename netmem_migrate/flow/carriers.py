# SPDX-License-Identifier: GPL-2.0-only
"""Declarations of type `void *` that carry pages.

A `void *` member, local, parameter, return value or global into which a page flows, or which is
read back as a page, is followed like one that is declared `struct page *`. If it then turns out to
hold nothing but pages, it moves; if not, it stays, and what else it holds is known by line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from netmem_migrate.c.symbols import Function, Global, Symbols
from netmem_migrate.c.types import PAGE, Member, Type
from netmem_migrate.flow.graph import Blocker, Category, Graph

Key = tuple[object, ...]


@dataclass(slots=True)
class Carriers:
    """What was found so far: `promoted` are keys of slots in the graph, `pending` new ones."""

    symbols: Symbols
    own: frozenset[str]
    promoted: set[Key] = field(default_factory=set)
    pending: dict[Key, Callable[[], None]] = field(default_factory=dict)

    def member(self, member: Member) -> Key | None:
        """The key of a member that could carry pages."""
        if not could_carry(member.type) or member.file not in self.own:
            return None
        return ("member", member.file, member.declarator.node.start_byte)

    def note_member(self, member: Member) -> None:
        """A page goes through the member."""
        key = self.member(member)
        if key is not None:
            def promote() -> None:
                member.type = paged(member.type)
            self._note(key, promote)

    def note_global(self, variable: Global) -> None:
        """A page goes through the variable."""
        if could_carry(variable.type) and variable.file in self.own:
            def promote() -> None:
                for other in self.symbols.globals[variable.name]:
                    if could_carry(other.type):
                        other.type = paged(other.type)
            self._note(("global", variable.file if variable.static else "", variable.name), promote)

    def note_parameter(self, function: Function, index: int) -> None:
        """A page is passed as the parameter."""
        versions = self._versions(function)
        if all(index < len(one.parameters) and could_carry(one.parameters[index].type)
               and one.file in self.own for one in versions):
            def promote() -> None:
                for one in versions:
                    one.parameters[index].type = paged(one.parameters[index].type)
            self._note(("parameter", *self._identity(function), index), promote)

    def note_result(self, function: Function) -> None:
        """The function returns a page."""
        versions = self._versions(function)
        if all(could_carry(one.result) and one.file in self.own for one in versions):
            def promote() -> None:
                for one in versions:
                    one.result = paged(one.result)
            self._note(("return", *self._identity(function)), promote)

    def note_local(self, file: str, start: int, type_: Type) -> None:
        """A page goes through the local whose declarator starts there."""
        if could_carry(type_) and file in self.own:
            self._note(("local", file, start), lambda: None)

    def is_local(self, file: str, start: int) -> bool:
        """Whether the local was promoted."""
        return ("local", file, start) in self.promoted

    def promote(self) -> bool:
        """Give the pending declarations their page type; whether there were any."""
        for key, act in self.pending.items():
            act()
            self.promoted.add(key)
        found = bool(self.pending)
        self.pending.clear()
        return found

    def settle(self, graph: Graph) -> None:
        """Mark the slots that are declared void, and say of each what else it holds."""
        for key in self.promoted:
            slot = graph.slots.get(key)
            if slot is None:
                continue
            slot.void = True
            for bridge in graph.bridges:
                if bridge.into is slot and not bridge.typed:
                    graph.block(slot, Category.MIXED_ORIGIN, f"holds what {bridge.text} gives too",
                                bridge.place)
            known = graph.blockers.get(slot)
            if known is not None:
                graph.blockers[slot] = [_said_of_void(one) for one in known]
        _spread(graph)

    def _note(self, key: Key, promote: Callable[[], None]) -> None:
        if key not in self.promoted:
            self.pending.setdefault(key, promote)

    def _identity(self, function: Function) -> tuple[str, bytes]:
        private = function.static and function.file.endswith(".c")
        return (function.file if private else "", function.name)

    def _versions(self, function: Function) -> list[Function]:
        identity = self._identity(function)
        return [other for other in self.symbols.functions.get(function.name, ())
                if self._identity(other) == identity]


def could_carry(type_: Type) -> bool:
    """Whether this is `void *`, or arrays or pointers of it."""
    return (type_.base == "void" and type_.derivations[-1:] == ("p",)
            and "f" not in type_.derivations)


def paged(type_: Type) -> Type:
    """The same declaration, of pages."""
    return Type(PAGE, type_.derivations)


def _spread(graph: Graph) -> None:
    """What one void pointer holds besides pages, those that it is copied to hold too.

    Such a copy is never bridged: nothing says that it is a page.
    """
    copies = [(origin, into, place) for origin, into, place in graph.flows
              if origin.void and into.void]
    graph.same += copies
    roots = {slot: slot for slot in graph.blockers if slot.void}
    queue = list(roots)
    for slot in queue:
        for origin, into, place in copies:
            if origin is slot and into not in graph.blockers:
                root = roots[into] = roots[slot]
                first = graph.blockers[root][0]
                graph.block(into, first.category,
                            f"also takes {root.short_name}, which {first.text}", place,
                            derived=True)
                queue.append(into)


def _said_of_void(blocker: Blocker) -> Blocker:
    if blocker.category is Category.PAGE_ONLY_USE:
        return Blocker(Category.MIXED_ORIGIN, blocker.text, blocker.place)
    return blocker
