# SPDX-License-Identifier: GPL-2.0-only
"""Where the address of a page leads: to be mapped for the device, or back to a page.

An address is followed as far as it is stored, passed and returned; what is computed from it is
near it. It is followed through all of the driver at once, not by path.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from netmem_migrate.c import view
from netmem_migrate.flow.graph import Bridge, Graph, Kind, Slot, reach
from netmem_migrate.flow.keys import Key
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Effect, Trait
from netmem_migrate.reasons import Why


def reached(graph: Graph, starts: Iterable[Key] | None = None) -> set[Key]:
    """What holds an address of a page of the driver's, or one that `starts` give."""
    return set(reach(graph.addresses.given if starts is None else starts, graph.addresses.flows))


def behind(graph: Graph) -> set[Key]:
    """What gives an address by which a page is found again: as far back as to a member or global
    that keeps it, and what that is set from, but for what another one keeps."""
    back = graph.addresses.back()
    near = {key: origins for key, origins in back.items() if key[0] not in ("member", "global")}
    found = reach([key for keys in graph.addresses.pages.values() for key in keys], near)
    kept = [key for key in found if key not in near and key in back]
    sets = reach([one for key in kept for one in back[key]], near)
    return {*found, *(key for key in sets if key[0] not in ("member", "global"))}


def words(graph: Graph) -> set[bytes]:
    """The names that have to be read to follow the addresses further."""
    known = reached(graph) | behind(graph)
    found = {graph.addresses.members[key] for key in known if key in graph.addresses.members}
    for key in known:
        if key[0] in ("global", "parameter", "return") and isinstance(key[2], bytes):
            found.add(key[2])
    return found


def unread_records(graph: Graph) -> set[str]:
    """The records, of which no file was read, whose members keep an address of a page."""
    sources = graph.addresses.sources
    return {sources[key].name.partition(".")[0] for key in reached(graph)
            if key in sources and "." in sources[key].name}


def unread(graph: Graph) -> set[bytes]:
    """The functions, of which no declaration was read, that are given an address."""
    known = reached(graph)
    return {name for key, name in graph.addresses.passed if key in known}


def block_mapped(graph: Graph, moved: Container[Slot]) -> bool:
    """Block what would move and is mapped by its address; whether there is any."""
    found = False
    for start, slot in graph.addresses.given.items():
        if slot not in moved:
            continue
        known = reached(graph, (start,))
        place, name = next(((place, name) for key, name, place in graph.addresses.mapped
                            if key in known), (None, ""))
        if place is not None:
            found = True
            for one in [origin for origin, into, _ in graph.flows if into is slot]:
                graph.block(one, Why.MAPPED, place, by=name)
    return found


def block_strangers(graph: Graph, moved: Container[Slot]) -> bool:
    """Block what would be given up as netmem and is found by an address, whoever's it is.

    Whether there is any. What is kept in a member before is told by that.
    """
    found = False
    forward, back = graph.successors(), graph.predecessors()
    for bridge in graph.bridges:
        if bridge.into not in moved or (bridge.origin is not None and bridge.origin in moved):
            continue
        behind = set(reach([bridge.origin], back)) if bridge.origin is not None else set()
        first = next((one for one in graph.bridges if one.origin is None and _found(one)
                      and (one is bridge or one.into in behind)), None)
        if first is not None and _given_up(bridge.into, forward):
            found = True
            graph.block(bridge.into, Why.HOLDS_TOO, first.place, by=first.text)
    return found


def _found(bridge: Bridge) -> bool:
    """Whether the page is one that an address leads to."""
    call = view.call(view.bare(bridge.place.node))
    return call is not None and has(call.name, Trait.NEAR) and has(call.name, Trait.GIVES_PAGE)


def _given_up(start: Slot, forward: Mapping[Slot, Sequence[Slot]]) -> bool:
    """Whether a release follows, with no member or global on the way."""
    kept = (Kind.MEMBER, Kind.GLOBAL)
    near = {slot: others for slot, others in forward.items() if slot.kind not in kept}
    return any(slot.twin is not None and slot.twin.effect in (Effect.RELEASES, Effect.DROPS)
               for slot in reach([start], near))


def found_again(graph: Graph) -> list[tuple[Slot, Bridge]]:
    """Pages that are found again by their address: what gave the address, and where they go."""
    pages = [(graph.addresses.pages[bridge.place.file, bridge.place.node.start_byte], bridge)
             for bridge in graph.bridges if bridge.origin is None
             and (bridge.place.file, bridge.place.node.start_byte) in graph.addresses.pages]
    if not pages:
        return []
    found = []
    for start, slot in graph.addresses.given.items():
        known = reached(graph, (start,))
        found += [(slot, bridge) for keys, bridge in pages if known.intersection(keys)]
    return found
