# SPDX-License-Identifier: GPL-2.0-only
"""Frags that the driver fills with memory of its pool, and reads back to give that up again.

skb_frag_page() is NULL for memory that is no page, where skb_frag_netmem() is not: the two are one
only for frags whose memory is the driver's own. That is so where everything that the driver puts
into frags moves, where what is read back goes to the pool, or to a slot that moves, and nowhere
else, and where no packet of the stack is read.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from pathlib import Path

from netmem_migrate.c.symbols import Symbols
from netmem_migrate.c.words import WORD
from netmem_migrate.flow.graph import Graph, Slot, reach
from netmem_migrate.kernel.makefiles import alone
from netmem_migrate.model.spelled import SENDS

_SENDS = re.compile(rb"\b" + SENDS.encode() + rb"\s*=\s*&?\s*(\w+)")


def mark_others(graph: Graph, symbols: Symbols, sources: dict[str, bytes], root: Path) -> None:
    """Note what reads frags of packets that the stack sends, and frags that a macro can fill."""
    reads = [call.slot for call in graph.calls if call.slot.borrowed]
    if not reads:
        return
    files = {call.place.file for call in graph.calls
             if call.slot.borrowed or call.twin.hands_over}
    graph.modules = {file: number for number, group in enumerate(
        alone(root, sources, sorted(files))) for file in group}
    fills = {call.twin.page.encode() for call in graph.calls if call.twin.hands_over}
    if any(not fills.isdisjoint(WORD.findall(macro.body))
           for macros in symbols.macros.values() for macro in macros):
        graph.others.update(reads)
        return
    sends = _sending(symbols, sources)
    graph.others.update(slot for slot in reads if slot.place.function.encode("latin-1") in sends)


def _sending(symbols: Symbols, sources: Mapping[str, bytes]) -> set[bytes]:
    """The functions that run, for all that is known, when the stack sends a packet."""
    calls: dict[bytes, set[bytes]] = {}
    for name, functions in symbols.functions.items():
        for one in functions:
            if one.body is not None:
                calls.setdefault(name, set()).update(WORD.findall(
                    sources.get(one.file, b""), one.body.start_byte, one.body.end_byte))
    found = [name for data in sources.values() for name in _SENDS.findall(data)]
    if any(name not in calls for name in found):
        # It is in a file that was not parsed: anything there can be on its way.
        found += [word for file, data in sources.items() if file not in symbols.files
                  for word in WORD.findall(data)]
    return set(reach(found, calls))


def own_frags(graph: Graph, moved: set[Slot]) -> set[Slot]:
    """The calls that read the driver's own frags back, and what their memory goes to."""
    fills = [call for call in graph.calls if call.twin.hands_over]
    own = {graph.modules.get(call.place.file) for call in fills} - {
        graph.modules.get(call.place.file) for call in fills if call.slot not in moved}
    near = {slot: [one for one in others if one not in moved]
            for slot, others in graph.near().items()}
    found: set[Slot] = set()
    for call in graph.calls:
        if (call.slot.borrowed and call.slot not in found
                and graph.modules.get(call.place.file) in own):
            together = set(reach([call.slot], near))
            if _own(graph, together, moved):
                found |= together
    return found


def _own(graph: Graph, together: set[Slot], moved: Container[Slot | None]) -> bool:
    """Whether slots hold nothing but memory of own frags, and the pool or a slot takes it."""
    if any(slot in graph.blockers or slot in graph.others
           or (slot.twin is not None and slot.twin.allocates) for slot in together):
        return False
    if any(bridge.origin not in together and bridge.origin not in moved
           for bridge in graph.bridges if bridge.into in together):
        return False
    return any(slot.twin is not None and slot.twin.pool_api for slot in together) or any(
        origin in together and into in moved for origin, into, _ in graph.flows)
