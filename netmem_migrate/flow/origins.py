# SPDX-License-Identifier: GPL-2.0-only
"""Whose page it is that is stored in a member."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.types import Type
from netmem_migrate.flow.cfg import constant
from netmem_migrate.flow.graph import Kind, Place, Slot, reach
from netmem_migrate.flow.webs import webs
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import CALLS
from netmem_migrate.reasons import Why

if TYPE_CHECKING:
    from netmem_migrate.flow.analyse import Analysis

_VOID = Type("void", ("p",))


class Origin(StrEnum):
    """What a value that is stored is."""

    POOL = "pool"
    OTHER = "other"
    THING = "thing"  # something else than a page
    NONE = "none"  # NULL
    UNKNOWN = "unknown"


def around(symbols: Symbols, place: Place) -> Iterator[Function]:
    """The function that a place stands in."""
    for one in symbols.functions.get(place.function.encode("latin-1"), ()):
        if one.file == place.file and one.body is not None and \
                one.node.start_byte <= place.node.start_byte < one.node.end_byte:
            yield one


class Origins:
    """What values are that are stored in members which are one storage, the `slots`; `typed` gives
    the types of what a function names."""

    def __init__(self, analysis: Analysis, slots: Sequence[Slot],
                 typed: Callable[[Function], Typed]) -> None:
        self.analysis, self.slots, self.typed = analysis, slots, typed
        self.symbols = analysis.symbols

    @cached_property
    def _allocates(self) -> dict[tuple[str, int], bool]:
        """The calls whose forms are known, by place: whether they take a page from a pool."""
        return {(one.place.file, one.place.node.start_byte):
                one.twin.allocates and one.twin.pool_api for one in self.analysis.graph.calls}

    def last(self, place: Place, value: Node) -> Node:
        """What a local was last set to, where that can be told; else the value itself."""
        if value.type != "identifier":
            return value
        function = next(around(self.analysis.symbols, place))
        # Each use of a name in the function but the one that is declared.
        names = [one for one in nodes(function.node, "identifier")
                 if view.text(one) == view.text(value) and not _declares(one)]
        found = webs(function.node, names) or ()
        web = next((one for one in found if value in one.names), None)
        assigned = view.infix(web.statement.named_children[0]) if web is not None else None
        return view.bare(assigned.right) if assigned is not None else value

    def of(self, place: Place, value: Node) -> Origin:
        """Whose page a value is."""
        if constant(value) is False:
            return Origin.NONE
        call = view.call(value)
        if call is not None:
            pool = self._allocates.get((place.file, call.node.start_byte))
            if pool is not None:
                return Origin.POOL if pool else Origin.OTHER if has(
                    call.name, Trait.ALLOCATES) else Origin.UNKNOWN
            if not self._is_own(call.name, place.file):
                # What leads to a page from another may lead to the pool's.
                return Origin.OTHER if has(call.name, Trait.ALLOCATES) else Origin.UNKNOWN
        return self._behind(place, value)

    def _is_own(self, name: bytes, file: str) -> bool:
        """Whether a function is the driver's, or one of the pool, or no function at all."""
        return not name or name in self.symbols.macros or name.startswith(CALLS.encode()) or \
            self.symbols.function(name, file) is not None

    def _behind(self, place: Place, value: Node) -> Origin:
        """Whose page flows into the member there, by all that flows into what is stored."""
        graph, behind = self.analysis.graph, self._stored(place)
        if any(one.of_pool for one in behind):
            others = any(bridge.into in behind and bridge.foreign for bridge in graph.bridges)
            ends = [one for one in behind if one not in self._given]
            return Origin.POOL if not others and not graph.is_open(behind) and all(
                one.twin is not None and one.twin.allocates for one in ends) else Origin.UNKNOWN
        type_ = self.typed(next(around(self.analysis.symbols, place))).of(value)
        page = type_ is not None and type_.is_page
        if page or any(not one.void and one.kind is not Kind.CALL for one in behind):
            return Origin.OTHER
        return Origin.THING if type_ is not None and type_.derivations[:1] == ("p",) else \
            Origin.UNKNOWN

    def is_thing(self, place: Place, value: Node) -> bool:
        """Whether a value that is no page for all that is known is known for something else: by its
        type, or as a `void *` by all that flows into it, which is allocated, or a pointer to
        something else."""
        if self.typed(next(around(self.symbols, place))).of(value) != _VOID:
            return True
        graph, behind = self.analysis.graph, self._stored(place)
        given = [one for one in graph.bridges if one.foreign and one.into in behind]
        known = {one.into for one in given}
        known |= {one for one in behind for blocker in graph.blockers.get(one, ())
                  if blocker.reason.why is Why.SET_FROM_POINTER
                  and blocker.reason.other != _VOID.base}
        return bool(behind) and all(one.allocated and not one.typed for one in given) and all(
            one in known for one in behind if one not in self._given)

    def _stored(self, place: Place) -> list[Slot]:
        """All that flows into what is stored in the member there."""
        node = place.node.parent
        whole = node.parent if node is not None else None
        into = [origin for origin, slot, at in self.analysis.graph.flows if slot in self.slots
                and at.file == place.file and whole is not None
                and whole.start_byte <= at.node.start_byte < whole.end_byte]
        return reach(into, self._back)

    @cached_property
    def _given(self) -> set[Slot]:
        """What something flows into, and is not only one type with another."""
        return {into for _, into, _ in self.analysis.graph.flows}

    @cached_property
    def _back(self) -> dict[Slot, list[Slot]]:
        return {one: [origin for origin in origins if origin not in self.slots]
                for one, origins in self.analysis.graph.predecessors().items()}


def _declares(node: Node) -> bool:
    return node.parent is not None and node.parent.type.endswith("declarator") and \
        node.parent.child_by_field_name("value") != node
