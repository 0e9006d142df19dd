# SPDX-License-Identifier: GPL-2.0-only
"""Decide which slots move: a minimum cut between pool memory and uses that need a page.

What the cut may break, and at what price, is data (costs.py). The way back from netmem to a page
has no price, so a slot whose memory would need it stays a page; a bridge into netmem costs one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from netmem_migrate.flow.addresses import found_again
from netmem_migrate.flow.costs import DEFAULT, Costs
from netmem_migrate.flow.frags import own_frags
from netmem_migrate.flow.graph import Blocker, Bridge, Graph, Kind, Place, Slot, reach
from netmem_migrate.reasons import CATEGORY, Category, Reason, Why

if TYPE_CHECKING:
    import networkx as nx

_SOURCE = "pool"
_SINK = "page"


@dataclass(frozen=True, slots=True)
class Head:
    """What stays a page of a ring of heads, though what it is set from moves (flow/heads.py).

    `taken` are the places where its page is taken of the netmem, `looks` the calls that look at it.
    """

    slot: Slot
    reason: Reason
    taken: tuple[Place, ...]
    looks: tuple[Slot, ...]


@dataclass(slots=True)
class Solution:
    """Which slots move, which pages are bridged into them, and why the others stay."""

    moved: set[Slot] = field(default_factory=set)
    heads: list[Head] = field(default_factory=list)
    bridges: list[Bridge] = field(default_factory=list)
    accesses: list[Blocker] = field(default_factory=list)
    stays: dict[Slot, Why] = field(default_factory=dict)
    blocked: dict[Slot, tuple[Slot, Blocker]] = field(default_factory=dict)

    def moves(self, slot: Slot) -> bool:
        return slot in self.moved


def solve(graph: Graph, keep: frozenset[str] = frozenset(), costs: Costs = DEFAULT) -> Solution:
    """Cut the graph; components that would gain nothing are left alone.

    `keep` names members and globals (`struct_name.member`) that a person wants to stay pages.
    With an accessor among the `costs`, uses that need a page go through it, if one source file
    has them all.
    """
    solution = _solve(graph, keep, costs)
    if len({one.place.file for one in solution.accesses}) > 1 or any(
            not one.place.file.endswith(".c") for one in solution.accesses):
        return _solve(graph, keep, replace(costs, accessor=None))
    return solution


def _solve(graph: Graph, keep: frozenset[str], costs: Costs) -> Solution:
    allocations = [call.slot for call in graph.calls if call.twin.allocates]
    solution = Solution()
    if not allocations:
        return solution
    held = [slot for slot in graph.slots.values()
            if slot.kind in (Kind.MEMBER, Kind.GLOBAL) and slot.name in keep]
    solution.moved = _cut(graph, allocations, costs, held)
    if held:
        for slot in _cut(graph, allocations, costs) - solution.moved:
            solution.stays[slot] = Why.ON_REQUEST
    for component in components(graph, solution.moved):
        reason = _useless(component)
        if reason:
            solution.moved -= component
            solution.stays.update(dict.fromkeys(component, reason))
    _again(graph, solution)
    solution.moved |= own_frags(graph, solution.moved)
    solution.bridges = [
        bridge for bridge in graph.bridges
        if bridge.into in solution.moved
        and (bridge.origin is None or bridge.origin not in solution.moved)
    ]
    solution.accesses = list({
        (one.place.file, one.place.node.start_byte, one.place.node.end_byte): one
        for slot, known in graph.blockers.items() if slot in solution.moved
        for one in known}.values())
    _explain(graph, solution, allocations)
    return solution


def _cut(graph: Graph, allocations: Iterable[Slot], costs: Costs,
         held: Iterable[Slot] = ()) -> set[Slot]:
    """The slots on the pool side of the cheapest cut; the smallest such set."""
    from networkx.algorithms.flow import preflow_push

    network = _network(graph, allocations, costs)
    # Slots that must stay are the sink itself, so that no path to it is unlimited.
    shut = [slot for slot, known in graph.blockers.items()
            if costs.accessor is None or not all(one.readable for one in known)]
    closed = reach([*shut, *held], graph.predecessors(tied=True))
    network.remove_nodes_from([slot for slot in closed if slot in network])
    residual = preflow_push(network, _SOURCE, _SINK)
    # networkx.minimum_cut() gives the largest pool side of all cuts of this price: what is reached
    # from the source in the residual network is the smallest. Nothing moves that need not.
    reached: set[object] = {_SOURCE}
    queue: list[object] = [_SOURCE]
    while queue:
        for head, data in residual[queue.pop()].items():
            if head not in reached and data["capacity"] - data["flow"] > 0:
                reached.add(head)
                queue.append(head)
    return {slot for slot in reached if isinstance(slot, Slot)}


def _network(graph: Graph, allocations: Iterable[Slot], costs: Costs) -> nx.DiGraph[object]:
    """What the cut may separate, at what price: from the pool to where only pages can go."""
    import networkx as nx

    network: nx.DiGraph[object] = nx.DiGraph()
    network.add_node(_SOURCE)
    network.add_node(_SINK)
    for slot in dict.fromkeys(allocations):
        _edge(network, _SOURCE, slot, costs.allocation)
    for origin, into, _ in graph.flows:
        if origin.borrowed:
            continue  # it follows what fills the frags, and holds nothing back
        _edge(network, origin, into, None)
        # An allocation that stays a page while what it fills moves would be absurd.
        if origin.twin is not None and origin.twin.allocates:
            _edge(network, into, origin, None)
    for one, other, _ in graph.same:
        _edge(network, one, other, None)
        _edge(network, other, one, None)
    for bridge in graph.bridges:
        _edge(network, bridge.into, _SINK if bridge.foreign else bridge.origin, costs.bridge)
    if costs.accessor is not None:
        for slot, known in graph.blockers.items():
            _edge(network, slot, _SINK, costs.accessor * len(known))
    return network


def _edge(network: nx.DiGraph[object], tail: object, head: object, capacity: int | None) -> None:
    """Add capacity; None is without limit, and stays so."""
    if not network.has_edge(tail, head):
        network.add_edge(tail, head, **({} if capacity is None else {"capacity": capacity}))
    elif capacity is None:
        network[tail][head].pop("capacity", None)
    elif "capacity" in network[tail][head]:
        network[tail][head]["capacity"] += capacity


def components(graph: Graph, moved: set[Slot]) -> list[set[Slot]]:
    """Moved slots that hang together."""
    near: dict[Slot, list[Slot]] = {slot: [] for slot in moved}
    for one, other, _ in [*graph.flows, *graph.same]:
        if one in moved and other in moved:
            near[one].append(other)
            near[other].append(one)
    seen: set[Slot] = set()
    result: list[set[Slot]] = []
    for slot in moved:
        if slot not in seen:
            group = set(reach([slot], near))
            seen |= group
            result.append(group)
    return result


def _useless(component: set[Slot]) -> Why | None:
    """Why converting a component would gain nothing; None where it would gain something."""
    if any(slot.kind in (Kind.MEMBER, Kind.GLOBAL) for slot in component):
        return None
    if any(slot.twin is not None and slot.twin.gives_address
           for slot in component):
        return Why.ONLY_ADDRESS
    return Why.ONLY_PASSED


def _again(graph: Graph, solution: Solution) -> None:
    """Pages of which the address is not all: a member holds the page that is found by it."""
    for slot, bridge in found_again(graph):
        after = reach([bridge.into], graph.successors())
        kept = next((one for one in after if one.kind in (Kind.MEMBER, Kind.GLOBAL)), None)
        if kept is None or solution.stays.get(slot) is not Why.ONLY_ADDRESS:
            continue
        place = bridge.place
        blocker = Blocker(Reason(Why.FOUND_AGAIN, bridge.text, "", kept.name, place.file,
                                 place.line), CATEGORY[Why.FOUND_AGAIN], place)
        together = reach([slot], graph.near())
        for one in [*together, *after]:
            solution.stays.pop(one, None)
            solution.blocked[one] = kept, blocker


def _keeps(slot: Slot) -> bool:
    return slot.kind in (Kind.MEMBER, Kind.GLOBAL)


def _shared(graph: Graph, start: Slot, slot: Slot, blocker: Blocker) -> tuple[Slot, Blocker]:
    """A function that gives pages to what could move, too, is the one to begin with."""
    forward = graph.successors()
    kept = {one for one in reach([slot], graph.predecessors()) if _keeps(one)}
    for one in reach([start], forward):
        after = set(reach([one], forward))
        if one.kind is not Kind.RETURN or kept.isdisjoint(after):
            continue
        free = next((other for other in reach([one], forward) if _keeps(other)
                     and graph.blockers.keys().isdisjoint(reach([other], forward))), None)
        if free is not None and slot not in reach([free], forward):
            return one, Blocker(
                Reason(Why.SERVES_TWO, free.name, slot.name, one.name, one.place.file,
                       one.place.line, blocker.reason), CATEGORY[Why.SERVES_TWO], one.place)
    return slot, blocker


def _explain(graph: Graph, solution: Solution, allocations: Iterable[Slot]) -> None:
    """For every slot of the pool that stays, the blocker that a person would have to remove."""
    forward = graph.successors(tied=True)
    for start in allocations:
        if start in solution.moved or start in solution.stays or start in solution.blocked:
            continue
        found = [one for one in reach([start], forward) if one in graph.blockers]
        slot = _telling(graph, found)
        if slot is not None:
            solution.blocked[start] = _shared(graph, start, slot, _worst(graph.blockers[slot]))


def _telling(graph: Graph, blocked: list[Slot]) -> Slot | None:
    """Of the slots that stop a page, nearest first, the one where a person would begin."""
    first = next((slot for slot in blocked
                  if not all(blocker.derived for blocker in graph.blockers[slot])), None)
    if first is None or not first.void:
        return first or (blocked[0] if blocked else None)
    # What a void pointer is given on the way matters less than where it is kept.
    return next((slot for slot in blocked if slot.void and slot.kind is Kind.MEMBER), first)


def _worst(blockers: list[Blocker]) -> Blocker:
    """The blocker to name first: what hides the page before what merely uses it."""
    order = list(Category)
    return min(blockers, key=lambda blocker: (order.index(blocker.category),
                                              blocker.place.file, blocker.place.line))
