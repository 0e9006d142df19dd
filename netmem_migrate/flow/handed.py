# SPDX-License-Identifier: GPL-2.0-only
"""As what the memory that moves comes to the stack: frags, or heads that the CPU reads.

A frag is filled with the memory itself; a head is made of its address, which is followed through
locals, members and the driver's own functions.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.flow import addresses
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.frags import filled
from netmem_migrate.flow.graph import Place
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.results import Handed, Reach


def handed(analysis: Analysis) -> tuple[Handed, ...]:
    """Every such place of the driver, in order."""
    found = {*_frags(analysis), *_heads(analysis)}
    return tuple(sorted(found, key=lambda one: (one.file, one.line, one.function, one.by)))


def _frags(analysis: Analysis) -> Iterator[Handed]:
    for slot, place, name in filled(analysis.graph):
        if analysis.solution.moves(slot):
            yield _handed(place, place, name, Reach.FRAG)


def _heads(analysis: Analysis) -> Iterator[Handed]:
    graph = analysis.graph
    readers = [one for one in graph.addresses.given_to if has(one[1], Trait.READS_PACKET)]
    given = {slot: call.place for call in graph.calls for slot in (call.slot,)
             if call.twin.gives_address and analysis.solution.moves(slot)}
    for start, slot in graph.addresses.given.items():
        if slot not in given:
            continue
        known = addresses.reached(graph, (start,))
        for key, name, place in readers:
            if key in known:
                yield _handed(given[slot], place, name, Reach.HEAD)
    for slot, (name, place) in graph.host_reads.items():
        if slot in given:
            yield _handed(given[slot], place, name, Reach.HEAD)


def _handed(given: Place, taken: Place, by: str, reach: Reach) -> Handed:
    return Handed(given.file, given.line, taken.function, by, reach)
