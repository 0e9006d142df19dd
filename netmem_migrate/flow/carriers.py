# SPDX-License-Identifier: GPL-2.0-only
"""Declarations of type `void *` that carry pages.

A `void *` member, local, parameter, return value or global into which a page flows, or which is
read back as a page, is followed like one that is declared `struct page *`. If it then turns out to
hold nothing but pages, it moves; if not, it stays, and what else it holds is known by line.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from netmem_migrate.c.symbols import Function, Global, Symbols
from netmem_migrate.c.types import PAGE, Member, Type
from netmem_migrate.flow import keys
from netmem_migrate.flow.graph import Blocker, Graph
from netmem_migrate.flow.keys import Key
from netmem_migrate.reasons import Category, Why


@dataclass(slots=True)
class Carriers:
    """What was found so far: `promoted` are keys of slots, `pending` those of this round.

    What is declared never changes: the types that follow from it are asked for here.
    """

    own: frozenset[str]
    promoted: set[Key] = field(default_factory=set)
    pending: set[Key] = field(default_factory=set)

    def member_type(self, member: Member) -> Type:
        """The type of a member, of pages where it was found to carry them."""
        return self._typed(member.type, keys.of_member(member))

    def global_type(self, variable: Global) -> Type:
        """The type of a variable at file scope."""
        return self._typed(variable.type, keys.of_global(variable))

    def parameter_type(self, function: Function, index: int) -> Type:
        """The type of a parameter."""
        return self._typed(function.parameters[index].type, keys.of_parameter(function, index))

    def result_type(self, function: Function) -> Type:
        """The type of what a function returns."""
        return self._typed(function.result, keys.of_result(function))

    def local_type(self, type_: Type, file: str, start: int) -> Type:
        """The type of the local whose declarator starts there."""
        return self._typed(type_, keys.of_local(file, start))

    def _typed(self, type_: Type, key: Key) -> Type:
        return paged(type_) if could_carry(type_) and key in self.promoted else type_

    def note_member(self, member: Member) -> None:
        """A page goes through the member."""
        if could_carry(member.type) and member.file in self.own:
            self._note(keys.of_member(member))

    def note_global(self, variable: Global) -> None:
        """A page goes through the variable."""
        if could_carry(variable.type) and variable.file in self.own:
            self._note(keys.of_global(variable))

    def note_parameter(self, symbols: Symbols, function: Function, index: int) -> None:
        """A page is passed as the parameter."""
        if all(index < len(one.parameters) and could_carry(one.parameters[index].type)
               and one.file in self.own for one in keys.versions(symbols, function)):
            self._note(keys.of_parameter(function, index))

    def note_result(self, symbols: Symbols, function: Function) -> None:
        """The function returns a page."""
        if all(could_carry(one.result) and one.file in self.own
               for one in keys.versions(symbols, function)):
            self._note(keys.of_result(function))

    def note_local(self, file: str, start: int, type_: Type) -> None:
        """A page goes through the local whose declarator starts there."""
        if could_carry(type_) and file in self.own:
            self._note(keys.of_local(file, start))

    def _note(self, key: Key) -> None:
        if key not in self.promoted:
            self.pending.add(key)

    def promote(self) -> bool:
        """Take the pending declarations for ones of pages; whether there were any."""
        found = bool(self.pending)
        self.promoted |= self.pending
        self.pending.clear()
        return found

    def settle(self, graph: Graph) -> None:
        """Mark the slots that are declared void, and say of each what else it holds."""
        for key in sorted(self.promoted, key=repr):
            slot = graph.slots.get(key)
            if slot is None:
                continue  # declared, but no function that was read names it
            slot.void = True
            for bridge in graph.bridges:
                if bridge.into is slot and not bridge.typed:
                    graph.block(slot, Why.HOLDS_TOO, bridge.place, by=bridge.text)
            known = graph.blockers.get(slot)
            if known is not None:
                graph.blockers[slot] = [_said_of_void(one) for one in known]
        _spread(graph)


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
    # Nearest first, so that each copy names the one void pointer from which it has the trouble.
    for slot in queue:
        for origin, into, place in copies:
            if origin is slot and into not in graph.blockers:
                root = roots[into] = roots[slot]
                first = graph.blockers[root][0]
                graph.block(into, Why.COPY_OF, place, by=root.short_name,
                            category=first.category, because=first.reason)
                queue.append(into)


def _said_of_void(blocker: Blocker) -> Blocker:
    """A use that needs a page, of what may be none, is one of several kinds of memory."""
    if blocker.category is Category.PAGE_ONLY_USE:
        return replace(blocker, category=Category.MIXED_ORIGIN, readable=False)
    return blocker
