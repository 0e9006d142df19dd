# SPDX-License-Identifier: GPL-2.0-only
"""Functions and locals that pages go through which could move, and others that cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.flow.graph import Bridge, Kind, Place, Slot, reach
from netmem_migrate.flow.webs import webs
from netmem_migrate.reasons import Reason, Why

if TYPE_CHECKING:
    from netmem_migrate.flow.analyse import Analysis


@dataclass(frozen=True, slots=True)
class Served:
    """A function that serves two: the slot of its result, why it stays, and the calls whose pages
    reach the stack as frags and meet nothing that needs a page."""

    slot: Slot
    reason: Reason
    payload: tuple[Place, ...]


def served(analysis: Analysis) -> Iterator[Served]:
    """The functions of a driver that serve two, in order of the source."""
    graph = analysis.graph
    found = {slot: blocker.reason for slot, blocker in analysis.solution.blocked.values()
             if blocker.reason.why is Why.SERVES_TWO and slot.kind is Kind.RETURN}
    if not found:
        return
    forward, near = graph.successors(), graph.near()
    fills = {call.slot for call in graph.calls if call.twin.hands_over}
    for slot, reason in sorted(found.items(), key=lambda one: _order(one[0])):
        payload: list[Place] = []
        others = 0
        for origin, into, place in graph.flows:
            if origin is not slot:
                continue
            ahead = reach([into], forward)
            together = reach(ahead, near)
            if graph.blockers.keys().isdisjoint(ahead) and not fills.isdisjoint(together):
                payload.append(place)
            else:
                others += 1
        if payload and others:
            yield Served(slot, reason, tuple(payload))


@dataclass(frozen=True, slots=True)
class Shared:
    """A local that holds one thing after another: its slot, why it stays, and the names of it that
    mean the other's pages."""

    slot: Slot
    reason: Reason
    names: tuple[Node, ...]


def shared(analysis: Analysis) -> Iterator[Shared]:
    """The locals of a driver that hold a page of its own and later another's, in order of the
    source."""
    into: dict[Slot, list[Bridge]] = {}
    for bridge in analysis.graph.bridges:
        if bridge.origin is None:
            into.setdefault(bridge.into, []).append(bridge)
    for slot in sorted((one for one in into if one.kind is Kind.LOCAL and not one.void
                        and one not in analysis.solution.moved), key=_order):
        foreign = into[slot]
        if len(slot.spellings) != 1:
            continue
        (spelling,) = slot.spellings
        root = analysis.symbols.files[spelling.file].tree.root_node
        function = view.function_around(root, spelling.declaration)
        names = [place.node for place in slot.names if place.node != spelling.identifier]
        found = webs(function, names) if function is not None else None
        if found is None:
            continue
        own = [web for web in found if not any(
            web.statement.start_byte <= one.place.node.start_byte < web.statement.end_byte
            for one in foreign)]
        if own and len(own) < len(found):
            reason = Reason(Why.HOLDS_TOO, foreign[0].text, slot=slot.name,
                            file=foreign[0].place.file, line=foreign[0].place.line)
            yield Shared(slot, reason, tuple(name for web in found if web not in own
                                             for name in web.names))


def handed(analysis: Analysis) -> Iterator[Served]:
    """The functions of a driver that keep in one member what they are given of the pool and what
    they are given of another kind, in order of the source; `payload` are the arguments."""
    graph = analysis.graph
    kept: dict[Slot, list[Slot]] = {}
    for origin, into, _ in graph.flows:
        if origin.kind is Kind.PARAMETER and origin.void and into.kind is Kind.MEMBER and \
                into not in analysis.solution.moved:
            kept.setdefault(origin, []).append(into)
    if not kept:
        return
    # Not what is one type with another for being void: that says nothing of where it came from.
    back: dict[Slot, list[Slot]] = {}
    for origin, into, _ in graph.flows:
        back.setdefault(into, []).append(origin)
    foreign: dict[Slot, list[Bridge]] = {}
    for bridge in graph.bridges:
        if bridge.foreign:
            foreign.setdefault(bridge.into, []).append(bridge)
    for slot in sorted(kept, key=_order):
        # What comes back from there was kept there before.
        edges = {one: [origin for origin in origins if origin not in kept[slot]]
                 for one, origins in back.items()}
        payload: list[Place] = []
        others: list[Bridge] = []
        for origin, into, place in graph.flows:
            if into is not slot:
                continue
            behind = reach([origin], edges)
            strange = [bridge for one in behind for bridge in foreign.get(one, ())]
            others += strange[:1]
            ends = [one for one in behind if not edges.get(one)]
            if not strange and all(one.of_pool for one in ends) and all(
                    blocker.derived for one in behind for blocker in graph.blockers.get(one, ())):
                payload.append(place)
        if payload and others:
            first = others[0]
            reason = Reason(Why.KEEPS_TWO, first.text, slot=f"{slot.place.function}()",
                            file=first.place.file, line=first.place.line)
            yield Served(slot, reason, tuple(payload))


def _order(slot: Slot) -> tuple[str, int]:
    return slot.place.file, slot.place.node.start_byte
