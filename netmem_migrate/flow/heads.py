# SPDX-License-Identifier: GPL-2.0-only
"""Pages of a ring of heads, where another ring of the same kind has the payload.

One record holds both rings, each a member of its own, and both keep their memory in the same slot.
That moves, for payload. Memory of the ring of heads is pages for good: a local that holds one, and
of which only the address is asked for, stays a page, taken of the netmem where it is set. What two
rings of one record share by other means, such as one array that both point to, is not followed:
what stays is looked at by the CPU in any case, and pages are what it is now. Where the driver
copies such records whole, or finds memory again as netmem by an address, nothing stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.given import is_given
from netmem_migrate.c.once import declared, only_given, value_of
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.types import Member, Type
from netmem_migrate.flow import keys
from netmem_migrate.flow.cut import Head, Solution
from netmem_migrate.flow.frags import filled
from netmem_migrate.flow.graph import Graph, Kind, Place, Slot, reach
from netmem_migrate.flow.slots import record_name
from netmem_migrate.model.addresses import FINDS
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import TO_NETMEM, TO_NETMEM_BY_ADDRESS
from netmem_migrate.model.twins import looks
from netmem_migrate.reasons import Reason, Why

_HOPS = 16  # members, subscripts and locals between a page and what a function is given
_Way = tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class _Fetch:
    """A page that a function takes out of a ring.

    `result` is the slot of what the function returns, `into` and `place` are where that goes, and
    `way` are the members that lead to the page, the one that keeps it last.
    """

    result: Slot
    into: Slot
    place: Place
    way: _Way


def leave_heads(graph: Graph, symbols: Symbols, solution: Solution) -> Solution:
    """The solution with pages left of what only looks at heads, of all that moves."""
    results = [slot for slot in graph.slots.values() if slot.kind is Kind.RETURN
               and slot in solution.moved and not slot.void]
    if not results or not any(filled(graph)):
        return solution
    heads = _Heads(graph, symbols, solution).found(results)
    return replace(solution, heads=heads, moved=solution.moved - _of(heads))


def move_heads(solution: Solution) -> Solution:
    """The solution in which those move, too."""
    return replace(solution, heads=[], moved=solution.moved | _of(solution.heads))


def _of(heads: Iterable[Head]) -> set[Slot]:
    return {slot for one in heads for slot in (one.slot, *one.looks)}


class _Heads:
    """Finds what stays in one driver."""

    def __init__(self, graph: Graph, symbols: Symbols, solution: Solution) -> None:
        self._graph, self._symbols, self._moved = graph, symbols, solution.moved
        self._payload = {slot for slot, _, _ in filled(graph)}
        # What is given on as netmem may become a frag, whoever takes it.
        self._frags = self._payload | {use.slot for use in graph.forms
                                       if TO_NETMEM in use.form.spellings[0].functions}
        self._slots, self._forward = graph.slots, graph.successors()
        self._in_file: dict[str, list[Function]] = {}
        for functions in symbols.functions.values():
            for one in functions:
                if one.body is not None:
                    self._in_file.setdefault(one.file, []).append(one)

    def found(self, results: Sequence[Slot]) -> list[Head]:
        """What stays, in order of the source."""
        fetches = [one for slot in results for one in self._fetches(slot)]
        heads: dict[_Fetch, Head] = {}
        for one in fetches:
            ring = self._ring(one, fetches)
            calls = self._looks(one) if ring is not None else ()
            if ring is not None and calls:
                where, name = one.into.place, ring.name.decode("latin-1")
                heads[one] = Head(one.into, Reason(
                    Why.OF_HEADS, f"{record_name(ring.record)}.{name}", slot=_title(one.into),
                    file=where.file, line=where.line), (one.place,), calls)
        for slot in results:
            own = [one for one in fetches if one.result is slot]
            returned = self._returned(slot)
            if returned and own and all(one in heads for one in own) and len(own) == sum(
                    origin is slot for origin, _, _ in self._graph.flows):
                first = heads[own[0]]
                heads |= {one: replace(heads[one], taken=()) for one in own}
                heads[_Fetch(slot, slot, slot.place, ())] = Head(slot, replace(
                    first.reason, slot=_title(slot), file=slot.place.file,
                    line=slot.place.line), returned, ())
        return sorted(heads.values(), key=lambda one: (
            one.slot.place.file, one.slot.place.node.start_byte))

    # ------------------------------------------------------------ what a page comes from

    def _fetches(self, slot: Slot) -> Iterator[_Fetch]:
        """Where what a function returns goes, and what ring it is of, as far as it can be told."""
        function = self._defined(slot)
        ways = [self._way(function, one) for one in _returned(function)] if function else []
        if function is None or not ways or any(one is None or one != ways[0] for one in ways):
            return
        assert ways[0] is not None
        index, way = ways[0]
        for origin, into, place in self._graph.flows:
            if origin is not slot:
                continue
            call = view.call(view.bare(place.node))
            caller = self._around(place)
            if call is not None and caller is not None and len(call.args) == len(
                    function.parameters):
                ring = self._given(caller, call.args[index])
                yield _Fetch(slot, into, place, (ring, *way) if ring is not None else way)

    def _way(self, function: Function, node: Node) -> tuple[int, _Way] | None:
        """The parameter that a page is found from, by its number, and the members on the way."""
        typed = Typed(self._symbols, function.file, function)
        members: list[Member] = []
        for _ in range(_HOPS):
            node = view.bare(node)
            field = view.field(node)
            if field is not None:
                member = typed.member(node)
                if member is None:
                    return None
                members.append(member)
                node = field.base
            elif node.type in ("subscript_expression", "pointer_expression"):
                inner = view.operand(node)
                if inner is None:
                    return None
                node = inner
            elif node.type == "identifier":
                name = view.text(node)
                value = value_of(function.node, name)
                if value is None:
                    return self._parameter(function, name, tuple(reversed(members)))
                node = value
            else:
                return None
        return None

    @staticmethod
    def _parameter(function: Function, name: bytes, way: _Way) -> tuple[int, _Way] | None:
        index = next((number for number, one in enumerate(function.parameters)
                      if one.name == name), None)
        if index is None or not way or not is_given(function.node, name, lambda _: False):
            return None
        return index, way

    def _given(self, caller: Function, node: Node) -> Member | None:
        """The member of which a function is given the address; None for anything else."""
        node = view.bare(node)
        if node.type == "identifier":
            node = view.bare(value_of(caller.node, view.text(node)) or node)
        prefix = view.prefix(node)
        if prefix is None or prefix.sign != "&":
            return None
        return Typed(self._symbols, caller.file, caller).member(view.bare(prefix.argument))

    # ------------------------------------------------------------ whether it is a head

    def _ring(self, head: _Fetch, fetches: Iterable[_Fetch]) -> Member | None:
        """The member that is a ring of heads: none of its pages reach a frag, for all that is
        known, and such of another member do."""
        others = [(one, ring) for one in fetches
                  if (ring := _other(head.way, one.way)) is not None]
        ring = next((ring for one, ring in others if any(
            slot in self._payload and slot in self._moved
            for slot in reach([one.into], self._forward))), None)
        kept = self._slots.get(keys.of_member(head.way[-1])) if head.way else None
        if ring is None or kept is None or kept not in self._moved:
            return None
        if kept in reach(self._forward.get(kept, []), self._forward) or \
                self._are_copied({one.record for one in head.way[1:]}):
            return None  # a page goes from one buffer to another, of whatever ring
        if self._are_found_as_netmem:
            return None
        apart = {(one.place.file, one.place.node.start_byte) for one, _ in others}
        other_ways = reach([kept], self._without(apart))
        found = reach([one.into for one in self._graph.bridges if one.origin is None and (
            one.place.file, one.place.node.start_byte) in self._graph.addresses.pages],
            self._forward)
        return ring if self._frags.isdisjoint((*other_ways, *found)) else None

    def _are_copied(self, tags: Collection[str]) -> bool:
        """Whether any record of some is copied whole, or passed as a value."""
        def held(type_: Type | None) -> bool:
            return type_ is not None and not type_.derivations and type_.base in tags

        for function in (one for several in self._in_file.values() for one in several):
            typed = Typed(self._symbols, function.file, function)
            if any(held(typed.of(store.target)) for store in view.stores(function.node)
                   if store.value.type not in ("initializer_list", "compound_literal_expression")):
                return True
            for call in view.calls(function.node):
                types = [typed.of(arg) for arg in call.args]
                if has(call.name, Trait.CPU_COPIES):
                    types += [one.target() for one in types if one is not None]
                if any(map(held, types)):
                    return True
        return False

    @cached_property
    def _are_found_as_netmem(self) -> bool:
        """Whether memory is found again by an address, as netmem: where that goes is not known."""
        return any(call.name == TO_NETMEM_BY_ADDRESS.encode() or (
            call.name == TO_NETMEM.encode() and any(
                inner.name.decode("latin-1") in FINDS for inner in view.calls(call.arguments)))
            for several in self._in_file.values() for one in several
            for call in view.calls(one.node))

    def _without(self, apart: set[tuple[str, int]]) -> dict[Slot, list[Slot]]:
        """How pages flow, but for some places."""
        edges: dict[Slot, list[Slot]] = {}
        for origin, into, place in self._graph.flows:
            if (place.file, place.node.start_byte) not in apart:
                edges.setdefault(origin, []).append(into)
        for one, other, _ in self._graph.same:
            edges.setdefault(one, []).append(other)
            edges.setdefault(other, []).append(one)
        return edges

    def _looks(self, fetch: _Fetch) -> tuple[Slot, ...]:
        """The calls that look at the page in a local, where nothing else is done with it."""
        slot, graph = fetch.into, self._graph
        if slot.kind is not Kind.LOCAL or slot.void or slot not in self._moved or \
                slot in graph.blockers or len(slot.spellings) != 1:
            return ()
        function = self._around(fetch.place)
        name = slot.name.encode("latin-1")
        if function is None or value_of(function.node, name) != fetch.place.node:
            return ()
        one = declared(function.node, name)
        places = {call.node.start_byte for call in only_given(function.node, name, looks)}
        calls = [call for call in graph.calls if call.place.file == function.file
                 and call.place.node.start_byte in places]
        if one is None or one.type.derivations != ("p",) or len(calls) != len(places) or not any(
                call.twin.gives_address for call in calls):
            return ()
        found = tuple(call.slot for call in calls)
        return found if all(into is not slot or place == fetch.place for _, into, place
                            in graph.flows) and self._moved.issuperset(found) else ()

    def _returned(self, slot: Slot) -> tuple[Place, ...]:
        """Where a function returns a page that a member keeps; none where it returns anything
        else, too."""
        graph, function = self._graph, self._defined(slot)
        if function is None or slot in graph.blockers or any(
                use.slot is slot for use in graph.uses):
            return ()
        values = {view.bare(one).start_byte for one in _returned(function)}
        into = [(origin, place) for origin, one, place in graph.flows if one is slot]
        own = all(origin.kind is Kind.MEMBER and place.file == function.file
                  and place.node.start_byte in values for origin, place in into)
        return tuple(place for _, place in into) if own and len(into) == len(values) else ()

    # ------------------------------------------------------------ functions

    def _defined(self, slot: Slot) -> Function | None:
        """The one definition of the function that a result is of."""
        found = [one for one in self._symbols.functions.get(slot.name.encode("latin-1"), ())
                 if one.body is not None and self._slots.get(keys.of_result(one)) is slot]
        return found[0] if len(found) == 1 else None

    def _around(self, place: Place) -> Function | None:
        start = place.node.start_byte
        return next((one for one in self._in_file.get(place.file, ())
                     if one.node.start_byte <= start < one.node.end_byte), None)


def _title(slot: Slot) -> str:
    return (f"{slot.name}()" if slot.kind is Kind.RETURN
            else f"{slot.name} in {slot.place.function}()")


def _returned(function: Function | None) -> list[Node]:
    """What a function returns, each value of it."""
    return [child for node in nodes(function.node, "return_statement")
            for child in view.children(node)] if function is not None else []


def _other(way: _Way, other: _Way) -> Member | None:
    """The member by which a way differs from another one, that is the same but for this: another
    member, of the same type, of the same record."""
    apart = [(one, two) for one, two in zip(way, other, strict=False)
             if keys.of_member(one) != keys.of_member(two)]
    if len(way) != len(other) or len(apart) != 1:
        return None
    one, two = apart[0]
    if (one.record, one.type) != (two.record, two.type) or one.type.derivations or \
            one.in_union or two.in_union:
        return None
    return one
