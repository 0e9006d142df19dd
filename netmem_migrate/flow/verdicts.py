# SPDX-License-Identifier: GPL-2.0-only
"""Why calls of the pool keep their page: a verdict of the flow, as typed reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace

from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.classes import Classes
from netmem_migrate.flow.details import of_blocker
from netmem_migrate.flow.graph import Blocker, Bridge, Call, Graph, Kind, Slot, reach
from netmem_migrate.reasons import CATEGORY, Class, Detail, Reason, Why

_Edges = dict[Slot, list[Slot]]


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a call keeps its page, and what that is in particular.

    `slot` and `blocker` where a use of a slot stands in the way.
    """

    reason: Reason
    detail: Detail
    slot: Slot | None = None
    blocker: Blocker | None = None


def kept(analysis: Analysis) -> dict[Slot, Kept]:
    """For every call of the pool that keeps its page, why it does."""
    calls = [call for call in analysis.graph.calls
             if call.twin.pool_api and not analysis.solution.moves(call.slot)]
    if not calls:
        return {}
    flows: _Edges = {}
    for origin, into, _ in analysis.graph.flows:
        flows.setdefault(origin, []).append(into)
    back, near = analysis.graph.predecessors(), analysis.graph.near()
    classes = Classes(analysis)
    found: dict[Slot, Kept] = {}
    of_heads = {slot: head.reason for head in analysis.solution.heads for slot in head.looks}
    for call in calls:
        if call.slot in of_heads:
            found[call.slot] = Kept(of_heads[call.slot], Detail.HEAD_RING)
            continue
        first = _first(analysis, call, back, flows)
        if first.blocker is None:
            first = _lost(analysis, call, near) or first
        found[call.slot] = _why(analysis, call, classes, first)
    return found


def _why(analysis: Analysis, call: Call, classes: Classes, found: Kept) -> Kept:
    """What stands in the way first: where the memory comes from, before what is done with it."""
    if analysis.solution.stays.get(call.slot) is Why.ON_REQUEST or (
            found.detail.class_ in (Class.MISSING_API, Class.GONE_API)):
        return found
    classed = classes.of(call)
    if classed is None or (classed.detail.class_ is not Class.BY_DESIGN
                           and found.detail is Detail.CLONE):
        return found
    return replace(found, reason=classed.reason, detail=classed.detail)


def _lost(analysis: Analysis, call: Call, near: _Edges) -> Kept | None:
    """A page of which the driver keeps no pointer and no address that the CPU can use."""
    if not (call.twin.allocates or call.twin.gives_dma_address):
        return None
    graph = analysis.graph
    together = set(reach([call.slot], near))
    calls = [one for one in graph.calls if one.slot in together]
    first = next((one for one in calls if one.twin.allocates), None)
    if first is None:
        return None
    slot = next((one for one in together if one.kind is not Kind.CALL), first.slot)
    if any(one.twin.gives_dma_address for one in calls) and all(
            one.twin.allocates or one.twin.gives_dma_address for one in calls):
        return _blocked(graph, slot, _blocker(Why.ONLY_DMA, first))
    if any(one.twin.hands_over for one in calls) and graph.grants:
        by, place = graph.grants[0]
        reason = Reason(Why.GRANTED, by, file=place.file, line=place.line)
        return _blocked(graph, slot, Blocker(reason, CATEGORY[Why.GRANTED], place))
    return None


def _first(analysis: Analysis, call: Call, back: _Edges, flows: _Edges) -> Kept:
    """The reason that is nearest to the call: first where its page comes from, then where to."""
    solution, graph = analysis.solution, analysis.graph
    if call.slot in solution.stays:
        return Kept(Reason(solution.stays[call.slot]), Detail.OTHER)
    if call.slot in solution.blocked:
        return _blocked(graph, *solution.blocked[call.slot])
    behind = reach([call.slot], back)
    ours = next((slot for slot in behind if slot in solution.blocked), None)
    # A page that is allocated otherwise is no memory of a design, but of another owner.
    given: dict[Slot, Bridge] = {}
    for bridge in graph.bridges:
        if bridge.foreign and not bridge.allocated:
            given.setdefault(bridge.into, bridge)
    for slot in behind:
        if slot in solution.stays:
            return Kept(Reason(solution.stays[slot]), Detail.OTHER)
        if slot in given:
            return (_blocked(graph, *solution.blocked[ours]) if ours is not None
                    else Kept(Reason(Why.GIVEN, given[slot].text), Detail.OTHER))
    for slot in reach(behind, flows):
        for blocker in graph.blockers.get(slot, ()):
            return _blocked(graph, slot, blocker)
    if ours is not None:
        # It is the driver's own page, which something blocks on another of its ways.
        return _blocked(graph, *solution.blocked[ours])
    if not _allocates(analysis):
        return Kept(Reason(Why.NOT_ALLOCATED), Detail.OTHER, call.slot,
                    _blocker(Why.NOT_ALLOCATED, call))
    return Kept(Reason(Why.NOT_OURS), Detail.OTHER, call.slot,
                _blocker(Why.UNKNOWN_ORIGIN, call))


def _allocates(analysis: Analysis) -> bool:
    """Whether any file of the driver has a call that takes from a pool, read or not."""
    names = {name.encode() for row in analysis.rows.calls if row.pool_api and row.gives
             for form in row.forms for name in (form.call, *form.needs)}
    return any(name in data for data in analysis.sources.values() for name in names)


def _blocker(why: Why, call: Call) -> Blocker:
    place = call.place
    return Blocker(Reason(why, file=place.file, line=place.line), CATEGORY[why], place)


def _blocked(graph: Graph, slot: Slot, blocker: Blocker) -> Kept:
    place = blocker.place
    reason = Reason(Why.BLOCKED, slot=slot.title, file=place.file, line=place.line,
                    because=blocker.reason)
    return Kept(reason, of_blocker(graph, slot, blocker), slot, blocker)
