# SPDX-License-Identifier: GPL-2.0-only
"""Why a slot moved or stayed: the shortest chain of flows that decides it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from netmem_migrate.c.lines import line_of
from netmem_migrate.convert.passes import load
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.costs import DEFAULT, WITH_ACCESSOR
from netmem_migrate.flow.cut import components
from netmem_migrate.flow.graph import Kind, Place, Slot, reach
from netmem_migrate.flow.verdicts import kept
from netmem_migrate.model.spelled import REF, TO_NETMEM, TO_PAGE
from netmem_migrate.reasons import Class, Reason
from netmem_migrate.report import wording

_MOST = 12


class LineKind(StrEnum):
    """What a line of an explanation is."""

    VERDICT = "verdict"  # what became of the slot: always the first
    HEADING = "heading"  # of the lines below it, which are indented deeper
    BRIDGE = "bridge"  # where a page is made a netmem
    FACT = "fact"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an explanation; `depth` counts the lines that it is below."""

    kind: LineKind
    depth: int
    text: str

    def __str__(self) -> str:
        return "  " * self.depth + self.text


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


def left_out(analysis: Analysis, file: str, line: int) -> str:
    """Why the target has nothing on a line: the arm of `#if` that it leaves out; "" elsewhere."""
    source = analysis.originals.get(file, b"")
    start = sum(len(one) for one in source.splitlines(keepends=True)[:line - 1])
    for group in analysis.symbols.texts.arms.read(source).groups:
        for arm in group.arms:
            if arm.left_out and arm.start < start < arm.end:
                where = line_of(source, arm.start)
                opens = group.arms[0].directive.decode("latin-1")
                said = arm.directive.decode("latin-1")
                of = "" if arm is group.arms[0] else f" of {opens}"
                return f"{analysis.target.api} leaves this line out, by {said}{of} (line {where})"
    return ""


def explain(analysis: Analysis, slot: Slot) -> list[Line]:
    """What became of a slot, and the chain of flows behind it."""
    title = describe(slot)
    if slot in analysis.solution.moved:
        lines = [Line(LineKind.VERDICT, 0, f"{title}: moves to {REF}")]
        starts = [call.slot for call in analysis.graph.calls
                  if call.twin.allocates]
        chain = _chain(analysis, starts, {slot})
        if chain:
            lines += _below("it holds memory of the page_pool:", chain)
        lines += [Line(LineKind.BRIDGE, 1, f"bridged: {one.text} gives a page at "
                                           f"{_where(one.place)}")
                  for one in analysis.solution.bridges if one.into is slot]
        return [*lines, *_price(analysis, slot)]
    lines = [Line(LineKind.VERDICT, 0, f"{title}: stays a page"), *_class(analysis, slot)]
    if len(lines) > 1 and slot.kind is Kind.CALL:
        return lines
    head = next((one for one in analysis.solution.heads if slot in (one.slot, *one.looks)), None)
    if head is not None:
        return [lines[0], _fact(wording.text(head.reason)), *(
            _fact(f"{TO_PAGE}() gives it the page at {_where(one)}") for one in head.taken)]
    if slot in analysis.solution.stays:
        lines.append(_fact(wording.text(Reason(analysis.solution.stays[slot]))))
        return lines
    blocked = set(analysis.graph.blockers)
    chain = _chain(analysis, [slot], blocked)
    if chain:
        lines += _below("its page goes where only pages can go, and netmem is never cast back:",
                        chain)
        end = _last(analysis, slot, blocked)
        lines += [_fact(f"{wording.text(one.reason)} ({one.category}) at {_where(one.place)}", 3)
                  for one in (analysis.graph.blockers.get(end, ()) if end else ())]
        return [*lines, *_instead(analysis, slot)]
    lines += [_fact(f"{one.text} gives it a page at {_where(one.place)}; moving it would only add "
                    f"{TO_NETMEM}() there")
              for one in analysis.graph.bridges if one.into is slot and one.foreign]
    if len(lines) == 1:
        lines += _held(analysis, slot)
    if len(lines) == 1:
        lines.append(_fact("no memory of this driver's page_pool reaches it"))
    return lines


def _class(analysis: Analysis, slot: Slot) -> list[Line]:
    """The class of a call that stays, or by design that of the calls that a slot leads to."""
    known = kept(analysis)
    if slot in known:
        return [_fact(wording.classed(known[slot].detail, known[slot].reason))]
    near = reach([slot], analysis.graph.near())
    found = [known[one] for one in near if one in known]
    if found and len(found) == sum(one.kind is Kind.CALL and one.twin is not None
                                   and one.twin.pool_api for one in near) and all(
            one.detail.class_ is Class.BY_DESIGN for one in found):
        return [_fact(wording.classed(found[0].detail, found[0].reason))]
    return []


def _held(analysis: Analysis, slot: Slot) -> list[Line]:
    """How memory of the pool comes to a slot, and why it stays a page before it is there."""
    solution = analysis.solution
    for start in (call.slot for call in analysis.graph.calls if call.twin.allocates):
        chain = _chain(analysis, [start], {slot})
        if chain and start in solution.blocked:
            one, blocker = solution.blocked[start]
            return [*_below("it holds memory of the page_pool:", chain),
                    _fact(f"that stays a page: {one.name} {wording.text(blocker.reason)} "
                          f"({blocker.category}) at {_where(blocker.place)}")]
        if chain and start in solution.stays:
            return [*_below("it holds memory of the page_pool:", chain),
                    _fact(f"that stays a page: "
                          f"{wording.text(Reason(solution.stays[start]))}")]
    return []


def _fact(text: str, depth: int = 1) -> Line:
    return Line(LineKind.FACT, depth, text)


def _below(heading: str, texts: Iterable[str]) -> list[Line]:
    return [Line(LineKind.HEADING, 1, heading), *(_fact(one, 2) for one in texts)]


def _price(analysis: Analysis, slot: Slot) -> list[Line]:
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
    return [
        _fact(f"the cut: {len(group)} slots move together, {calls} calls among them; cost {cost}"),
        *(_fact(f"{DEFAULT.bridge}: {TO_NETMEM}() around {one.text}, at {_where(one.place)}", 2)
          for one in bridges),
        *(_fact(f"{WITH_ACCESSOR.accessor}: the accessor, as it {wording.text(one.reason)}, at "
                f"{_where(one.place)}", 2) for one in accesses),
        _fact(f"the alternative: all of them stay pages, and {gained} allocations of the pool "
              f"with them; cost {gained * DEFAULT.allocation}")]


def _instead(analysis: Analysis, slot: Slot) -> list[Line]:
    """What it would take to move a slot that is blocked."""
    forward = analysis.graph.successors(tied=True)
    known = [(one, blocker) for one in reach([slot], forward)
             for blocker in analysis.graph.blockers.get(one, ())]
    lines = _below(
        f"to move it, {len(known)} use{'s' if len(known) > 1 else ''} would have to change:",
        (f"{one.name} {wording.text(blocker.reason)}, at {_where(blocker.place)}"
         for one, blocker in known[:_MOST]))
    if len(known) > _MOST:
        lines.append(_fact(f"and {len(known) - _MOST} more", 2))
    asked = next((one.declared.option for one in load() if one.declared.accessor), "")
    if asked and all(blocker.readable for _, blocker in known):
        cost = len(known) * (WITH_ACCESSOR.accessor or 0)
        lines.append(_fact(f"{asked} would let it move, at a cost of {cost}, if one source file "
                           "has them all"))
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
