# SPDX-License-Identifier: GPL-2.0-only
"""Why calls of the pool keep their page: a verdict of the flow, as typed reasons."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.graph import Blocker, Call, Kind, Slot, reach
from netmem_migrate.model.twins import twins
from netmem_migrate.reasons import CATEGORY, Category, Reason, Why

_Edges = dict[Slot, list[Slot]]


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a call keeps its page; `slot` and `blocker` where a person has to decide."""

    reason: Reason
    slot: Slot | None = None
    blocker: Blocker | None = None


def kept(analysis: Analysis) -> dict[Slot, Kept]:
    """For every call of the pool that keeps its page, why it does."""
    flows: _Edges = {}
    for origin, into, _ in analysis.graph.flows:
        flows.setdefault(origin, []).append(into)
    back = analysis.graph.predecessors()
    near = analysis.graph.near()
    fills = _fills(analysis)
    return {call.slot: _why(analysis, call, back, flows, near, fills)
            for call in analysis.graph.calls
            if call.twin.pool_api and not analysis.solution.moves(call.slot)}


def title(slot: Slot) -> str:
    """A slot as a reason names it."""
    return f"{slot.name}()" if slot.kind is Kind.CALL else slot.name


def _fills(analysis: Analysis) -> set[Slot] | None:
    """What puts pages into frags; None where something puts netmem into them already."""
    names = re.compile(rb"\b(?:" + b"|".join(sorted(
        one.netmem.encode() for one in twins(analysis.rows) if one.hands_over)) + rb")\s*\(")
    if any(names.search(analysis.sources[file]) for file in analysis.driver.files):
        return None
    return {call.slot for call in analysis.graph.calls if call.twin.hands_over}


def _why(analysis: Analysis, call: Call, back: _Edges, flows: _Edges, near: _Edges,
         fills: set[Slot] | None) -> Kept:
    found = _first(analysis, call, back, flows)
    if found.blocker is None:
        return _lost(analysis, call, near) or found
    if found.blocker.reason.why is Why.SERVES_TWO:
        return found  # some of the memory is by design, and some is not
    graph = analysis.graph
    # That it is for heads explains more than what blocks it, where other memory is for payload.
    # What moves is behind a bridge: what is done with it there does not keep this call.
    together = reach([call.slot], {
        slot: [one for one in others if not analysis.solution.moves(one)]
        for slot, others in near.items()})
    read = next((graph.host_reads[slot] for slot in together if slot in graph.host_reads), None)
    if read is not None and (fills is None or not fills.issubset(together)):
        by, place = read
        return replace(found, reason=Reason(Why.HOST_READS, by, file=place.file, line=place.line,
                                            because=found.reason))
    address = next((slot for slot in together if slot.void and any(
        one.category is Category.ADDRESS and one.reason.why is Why.SET_FROM_POINTER
        for one in graph.blockers.get(slot, ()))), None)
    if address is not None:
        return replace(found, reason=Reason(Why.ADDRESSES_TOO, slot=title(address),
                                            because=found.reason))
    return found


def _lost(analysis: Analysis, call: Call, near: _Edges) -> Kept | None:
    """A page of which the driver keeps no pointer and no address that the CPU can use."""
    if not (call.twin.allocates or call.twin.gives_dma_address):
        return None
    together = set(reach([call.slot], near))
    calls = [one for one in analysis.graph.calls if one.slot in together]
    first = next((one for one in calls if one.twin.allocates), None)
    if first is None:
        return None
    slot = next((one for one in together if one.kind is not Kind.CALL), first.slot)
    if any(one.twin.gives_dma_address for one in calls) and all(
            one.twin.allocates or one.twin.gives_dma_address for one in calls):
        return _blocked(slot, _blocker(Why.ONLY_DMA, first))
    if any(one.twin.hands_over for one in calls) and analysis.graph.grants:
        by, place = analysis.graph.grants[0]
        reason = Reason(Why.GRANTED, by, file=place.file, line=place.line)
        return _blocked(slot, Blocker(reason, CATEGORY[Why.GRANTED], place))
    return None


def _first(analysis: Analysis, call: Call, back: _Edges, flows: _Edges) -> Kept:
    """The reason that is nearest to the call: first where its page comes from, then where to."""
    solution, graph = analysis.solution, analysis.graph
    if call.slot in solution.stays:
        return Kept(Reason(solution.stays[call.slot]))
    if call.slot in solution.blocked:
        return _blocked(*solution.blocked[call.slot])
    behind = reach([call.slot], back)
    ours = next((slot for slot in behind if slot in solution.blocked), None)
    for slot in behind:
        if slot in solution.stays:
            return Kept(Reason(solution.stays[slot]))
        for bridge in graph.bridges:
            # A page that is allocated otherwise is no memory of a design, but of another owner.
            if bridge.into is slot and bridge.foreign and not bridge.allocated:
                return (_blocked(*solution.blocked[ours]) if ours is not None
                        else Kept(Reason(Why.GIVEN, bridge.text)))
    for slot in reach(behind, flows):
        for blocker in graph.blockers.get(slot, ()):
            return _blocked(slot, blocker)
    if not _allocates(analysis):
        return Kept(Reason(Why.NOT_ALLOCATED), call.slot, _blocker(Why.NOT_ALLOCATED, call))
    return Kept(Reason(Why.NOT_OURS), call.slot, _blocker(Why.UNKNOWN_ORIGIN, call))


def _allocates(analysis: Analysis) -> bool:
    """Whether any file of the driver has a call that takes from a pool, read or not."""
    names = {name.encode() for row in analysis.rows.calls if row.pool_api and row.gives
             for form in row.forms for name in (form.call, *form.needs)}
    return any(name in data for data in analysis.sources.values() for name in names)


def _blocker(why: Why, call: Call) -> Blocker:
    place = call.place
    return Blocker(Reason(why, file=place.file, line=place.line), CATEGORY[why], place)


def _blocked(slot: Slot, blocker: Blocker) -> Kept:
    place = blocker.place
    reason = Reason(Why.BLOCKED, slot=title(slot), file=place.file, line=place.line,
                    because=blocker.reason)
    return Kept(reason, slot, blocker)
