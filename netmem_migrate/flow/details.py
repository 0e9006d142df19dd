# SPDX-License-Identifier: GPL-2.0-only
"""What a blocker of the flow is in particular, where nothing else tells what stands in the way."""

from __future__ import annotations

from netmem_migrate.flow.graph import Blocker, Bridge, Graph, Kind, Slot
from netmem_migrate.reasons import Category, Detail, Why

# What says that a slot takes a second kind of thing.
_TWO_KINDS = frozenset({Why.SET_FROM_POINTER, Why.SET_FROM_OTHER, Why.HOLDS_TOO})
_OF_CATEGORY = {
    Category.MISSING_API: Detail.MISSING_API, Category.GONE_API: Detail.GONE_API,
    Category.EXPORTED: Detail.SCOPE, Category.OWN_RECYCLING: Detail.OWN_RECYCLING,
}
_OF_WHY = {Why.SERVES_TWO: Detail.CLONE, Why.GRANTED: Detail.FOREIGN,
           Why.ONLY_DMA: Detail.HARDWARE_ADDRESS}


def of_blocker(graph: Graph, slot: Slot, blocker: Blocker) -> Detail:
    """What a blocker of the flow is in particular."""
    known = _OF_CATEGORY.get(blocker.category) or _OF_WHY.get(blocker.reason.why)
    if known is not None:
        return known
    if mixes(graph, slot, blocker) is not None:
        return Detail.MIXED
    hides = blocker.category in (Category.VOID_POINTER, Category.ADDRESS)
    if slot.void and (hides or blocker.category is Category.MIXED_ORIGIN):
        two = any(one.reason.why in _TWO_KINDS for one in graph.blockers.get(slot, ()))
        if slot.kind is Kind.PARAMETER and two:
            return Detail.SPLIT_PARAMETER
        return Detail.RETURN_PAGE if slot.kind is Kind.RETURN else Detail.OWN_MEMBER
    if hides:
        return Detail.OWN_MEMBER
    return Detail.MIXED if blocker.category is Category.MIXED_ORIGIN else Detail.OTHER


def mixes(graph: Graph, slot: Slot, blocker: Blocker) -> Bridge | None:
    """A page of another owner that the slot of a blocker holds, too."""
    foreign = [one for one in graph.bridges if one.into is slot and one.foreign]
    if foreign and (blocker.category in (Category.PAGE_ONLY_USE, Category.VOID_POINTER)
                    # What is mapped may be what somebody else allocates there.
                    or (blocker.category is Category.OWN_MAPPING
                        and any(one.allocated for one in foreign))):
        return foreign[0]
    return None
