# SPDX-License-Identifier: GPL-2.0-only
"""Why a slot moved or stayed: the shortest chain of flows that decides it."""

from __future__ import annotations

from collections.abc import Iterable

from netmem_migrate.convert.passes import load
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.costs import DEFAULT, WITH_ACCESSOR
from netmem_migrate.flow.cut import components
from netmem_migrate.flow.graph import Kind, Place, Slot, reach
from netmem_migrate.model.spelled import REF, TO_NETMEM
from netmem_migrate.reasons import Reason
from netmem_migrate.report import wording

_MOST = 12


def slots_at(analysis: Analysis, file: str, line: int) -> list[Slot]:
    """The slots that are declared, used or called on a line, in order of the line."""
    found: dict[Slot, int] = {}
    for slot in analysis.graph.slots.values():
        places = [slot.place, *slot.names]
        for place in places:
            if place.file == file and place.line == line:
                found.setdefault(slot, place.node.start_byte)
        for spelling in slot.spellings:
            node = spelling.identifier or spelling.declaration
            if spelling.file == file and node.start_point[0] + 1 == line:
                found.setdefault(slot, node.start_byte)
    return sorted(found, key=lambda slot: found[slot])


def explain(analysis: Analysis, slot: Slot) -> list[str]:
    """Lines that say what became of a slot, and the chain of flows behind it."""
    title = describe(slot)
    if slot in analysis.solution.moved:
        lines = [f"{title}: moves to {REF}"]
        starts = [call.slot for call in analysis.graph.calls
                  if call.twin.allocates]
        chain = _chain(analysis, starts, {slot})
        if chain:
            lines.append("  it holds memory of the page_pool:")
            lines += [f"    {one}" for one in chain]
        for bridge in analysis.solution.bridges:
            if bridge.into is slot:
                lines.append(f"  bridged: {bridge.text} gives a page at {_where(bridge.place)}")
        return [*lines, *_price(analysis, slot)]
    lines = [f"{title}: stays a page"]
    if slot in analysis.solution.stays:
        lines.append(f"  {wording.text(Reason(analysis.solution.stays[slot]))}")
        return lines
    blocked = set(analysis.graph.blockers)
    chain = _chain(analysis, [slot], blocked)
    if chain:
        lines.append("  its page goes where only pages can go, and netmem is never cast back:")
        lines += [f"    {one}" for one in chain]
        end = _last(analysis, slot, blocked)
        for blocker in analysis.graph.blockers.get(end, ()) if end else ():
            lines.append(f"      {wording.text(blocker.reason)} ({blocker.category}) at "
                         f"{_where(blocker.place)}")
        return [*lines, *_instead(analysis, slot)]
    for bridge in analysis.graph.bridges:
        if bridge.into is slot and bridge.origin is None:
            lines.append(f"  {bridge.text} gives it a page at {_where(bridge.place)}; "
                         f"moving it would only add {TO_NETMEM}() there")
    if len(lines) == 1:
        lines.append("  no memory of this driver's page_pool reaches it")
    return lines


def _price(analysis: Analysis, slot: Slot) -> list[str]:
    """What the cut around a moved slot costs, and what leaving it would (flow/costs.py)."""
    solution = analysis.solution
    group = next(one for one in components(analysis.graph, solution.moved) if slot in one)
    gained = sum(call.slot in group and call.twin.allocates
                 for call in analysis.graph.calls)
    calls = sum(call.slot in group for call in analysis.graph.calls)
    bridges = [one for one in solution.bridges if one.into in group]
    accesses = [one for one in solution.accesses
                if any(one in analysis.graph.blockers.get(other, ()) for other in group)]
    cost = len(bridges) * DEFAULT.bridge + len(accesses) * (WITH_ACCESSOR.accessor or 0)
    lines = [f"  the cut: {len(group)} slots move together, {calls} calls among them; cost {cost}"]
    lines += [f"    {DEFAULT.bridge}: {TO_NETMEM}() around {one.text}, at {_where(one.place)}"
              for one in bridges]
    lines += [f"    {WITH_ACCESSOR.accessor}: the accessor, as it {wording.text(one.reason)}, at "
              f"{_where(one.place)}" for one in accesses]
    lines.append(f"  the alternative: all of them stay pages, and {gained} allocations of the pool "
                 f"with them; cost {gained * DEFAULT.allocation}")
    return lines


def _instead(analysis: Analysis, slot: Slot) -> list[str]:
    """What it would take to move a slot that is blocked."""
    forward = analysis.graph.successors(tied=True)
    known = [(one, blocker) for one in reach([slot], forward)
             for blocker in analysis.graph.blockers.get(one, ())]
    lines = [f"  to move it, {len(known)} use{'s' if len(known) > 1 else ''} would have to change:"]
    lines += [f"    {one.name} {wording.text(blocker.reason)}, at {_where(blocker.place)}"
              for one, blocker in known[:_MOST]]
    if len(known) > _MOST:
        lines.append(f"    and {len(known) - _MOST} more")
    asked = next((one.declared.option for one in load() if one.declared.accessor), "")
    if asked and all(blocker.readable for _, blocker in known):
        cost = len(known) * (WITH_ACCESSOR.accessor or 0)
        lines.append(f"  {asked} would let it move, at a cost of {cost}, if one source "
                     "file has them all")
    return lines


def describe(slot: Slot) -> str:
    """A slot as a person would say it: kind, name and place."""
    what = f"call of {slot.name}()" if slot.kind is Kind.CALL else f"{slot.kind} {slot.name}"
    inside = f" in {slot.place.function}()" if slot.kind in (Kind.LOCAL, Kind.CALL) else ""
    return f"{what}{inside} ({_where(slot.place)})"


def _where(place: Place) -> str:
    return f"{place.file}:{place.line}"


def _search(analysis: Analysis, starts: Iterable[Slot],
            goals: set[Slot]) -> tuple[dict[Slot, tuple[Slot, Place] | None], Slot | None]:
    forward: dict[Slot, list[tuple[Slot, Place]]] = {}
    for origin, into, place in analysis.graph.flows:
        forward.setdefault(origin, []).append((into, place))
    for one, other, place in analysis.graph.same:
        forward.setdefault(one, []).append((other, place))
        forward.setdefault(other, []).append((one, place))
    came: dict[Slot, tuple[Slot, Place] | None] = {}
    queue: list[Slot] = []
    for start in starts:
        came[start] = None
        queue.append(start)
    for slot in queue:
        if slot in goals:
            return came, slot
        for into, place in forward.get(slot, ()):
            if into not in came:
                came[into] = (slot, place)
                queue.append(into)
    return came, None


def _chain(analysis: Analysis, starts: Iterable[Slot], goals: set[Slot]) -> list[str]:
    came, slot = _search(analysis, starts, goals)
    if slot is None:
        return []
    lines: list[str] = []
    current: Slot | None = slot
    while current is not None:
        step = came[current]
        via = f", at {_where(step[1])}" if step else ""
        lines.append(f"{describe(current)}{via}")
        current = step[0] if step else None
    return lines[::-1]


def _last(analysis: Analysis, slot: Slot, goals: set[Slot]) -> Slot | None:
    return _search(analysis, [slot], goals)[1]
