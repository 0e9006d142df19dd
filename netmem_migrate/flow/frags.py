# SPDX-License-Identifier: GPL-2.0-only
"""Frags that the driver fills with memory of its pool, and reads back to give that up again.

skb_frag_page() is NULL for memory that is no page, where skb_frag_netmem() is not: the two are one
only for frags whose memory is the driver's own. That is so where everything that the driver puts
into frags moves, where what is read back goes to the pool, or to a slot that moves, and nowhere
else, and where no packet of the stack is read.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path

from netmem_migrate.c import view
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.symbols import Symbols
from netmem_migrate.c.words import WORD
from netmem_migrate.flow.graph import Graph, Place, Slot, reach
from netmem_migrate.kernel.makefiles import alone
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import named
from netmem_migrate.model.schema import Effect, Trait
from netmem_migrate.model.spelled import SENDS, TO_NETMEM
from netmem_migrate.reasons import Why

_PROGRAMS = tuple(name.encode() for name in named(Trait.RUNS_XDP))
_RUNS = re.compile(rb"\b(?:" + b"|".join(_PROGRAMS) + rb")\b")
# Beginning with the name, not with a boundary, lets the search skip what is none.
SENDING = re.compile(SENDS.encode() + rb"(?<!\w" + SENDS.encode() + rb")\s*=\s*&?\s*(\w+)")


def mark_others(graph: Graph, symbols: Symbols, sources: dict[str, bytes], root: Path) -> None:
    """Note what reads frags of packets that the stack sends, and frags that a macro can fill."""
    reads = [call.slot for call in graph.calls if call.slot.borrowed]
    if not reads:
        return
    files = {call.place.file for call in graph.calls if call.slot.borrowed}
    files |= {place.file for _, place, _ in filled(graph)}
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
    found = [name for data in sources.values() for name in SENDING.findall(data)]
    if any(name not in calls for name in found):
        # It is in a file that was not parsed: anything there can be on its way.
        found += [word for file, data in sources.items() if file not in symbols.files
                  for word in WORD.findall(data)]
    return set(reach(found, calls))


def filled(graph: Graph) -> Iterator[tuple[Slot, Place, str]]:
    """What is given memory that goes into a frag: its slot, the place, and what takes it there."""
    for call in graph.calls:
        if call.twin.hands_over:
            yield call.slot, call.place, call.twin.page
    for use in graph.forms:
        # What takes netmem already is given the page by another name.
        around = view.call(use.place.node.parent.parent) if (
            use.form.call == TO_NETMEM and use.place.node.parent is not None) else None
        name = around.name.decode("latin-1") if around is not None else ""
        if name in BY_NAME and BY_NAME[name].effect is Effect.HANDS_OVER:
            yield use.slot, use.place, name


def own_frags(graph: Graph, moved: set[Slot]) -> set[Slot]:
    """The calls that read the driver's own frags back, and what their memory goes to."""
    fills = [(slot, graph.modules.get(place.file)) for slot, place, _ in filled(graph)]
    own = {module for _, module in fills} - {
        module for slot, module in fills if slot not in moved}
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


def block_half(graph: Graph, sources: Mapping[str, bytes], moved: Container[Slot]) -> bool:
    """Block what fills frags that go back to the pool as pages; whether there is any.

    Where programs run, what goes back can be of a packet that one of them sent on: pages by
    design. Elsewhere a driver fills frags for its own packets only.
    """
    if runs_programs(sources):
        return False
    forward, calls = graph.successors(), {call.slot: call for call in graph.calls}
    fills = [(slot, graph.modules.get(place.file)) for slot, place, _ in filled(graph)]
    found = False
    for read in graph.calls:
        if not read.slot.borrowed or read.slot in moved or read.slot in graph.others or not any(
                one in calls and calls[one].twin.pool_api for one in reach([read.slot], forward)):
            continue
        module = graph.modules.get(read.place.file)
        near = [slot for slot, of in fills if of == module]
        if all(one in moved for one in near):
            for one in near:
                found = True
                graph.block(one, Why.READ_BACK, read.place, by=read.twin.page)
    return found


def runs_programs(sources: Mapping[str, bytes]) -> bool:
    """Whether a driver runs XDP programs on its packets, or sends what they sent on."""
    return any(_RUNS.search(code_of(data)) for data in sources.values()
               if any(name in data for name in _PROGRAMS))


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
