# SPDX-License-Identifier: GPL-2.0-only
"""T5: whether T1 to T4 hold for all of a module, and what is missing where they do not.

T1 to T3 are judged by where the module's frags are mapped and unmapped (flow/judge/sent.py), and by
what each function that maps one keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from netmem_migrate.c import view
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.judge.rules import Judge
from netmem_migrate.flow.judge.unit import Unit, Use, units
from netmem_migrate.flow.sync.scopes import World
from netmem_migrate.flow.tx.faults import faults
from netmem_migrate.flow.tx.reads import Read, reads
from netmem_migrate.flow.tx.senders import senders
from netmem_migrate.flow.tx.ways import Ways
from netmem_migrate.model import spelled
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Basis, Evidence, Standing


def whole(analysis: Analysis) -> list[Reason]:
    """What is missing, of all modules of a driver by which packets are sent."""
    return [reason for unit in senders(analysis) for reason in missing(analysis, unit)]


def missing(analysis: Analysis, unit: Unit) -> list[Reason]:
    """What is missing of one, in order: T1 to T3, then T4; nothing else where it sends no frags.
    Each names what the stack calls to send."""
    ways = Ways(unit)
    judges = [judge for one in _pooled(analysis, unit, {body.file for body in ways.sending})
              if (judge := Judge(one, ())).pools]
    found = list(_unmapped(_at(ways, unit), judges))
    if not any(one.why is Why.NETMEM_TX_NO_FRAGS for one in found):
        found += _read(reads(unit))
    slot = _title(ways, unit)
    return list(dict.fromkeys(one if one.slot else replace(one, slot=slot) for one in found))


def _pooled(analysis: Analysis, unit: Unit, sending: Set[str]) -> list[Unit]:
    """The modules that create pools, and have what sends; else those that are a part of this."""
    several = units(analysis)
    return [one for one in several if sending & set(one.own)] or [
        one for one in several
        if {file for file in one.own if file.endswith(".c")} & set(unit.own)]


def title(unit: Unit) -> str:
    """What the stack calls to send by a module, as a reason names it."""
    return _title(Ways(unit), unit)


def _title(ways: Ways, unit: Unit) -> str:
    sending = ways.sending
    return f"{sending[0].name}()" if sending else unit.own[0]


def place(unit: Unit) -> tuple[str, int]:
    """Where what the stack calls to send by a module is, else its first file."""
    return _at(Ways(unit), unit)


def _at(ways: Ways, unit: Unit) -> tuple[str, int]:
    first = next(iter(ways.sending), None)
    return (first.file, int(first.node.start_point[0]) + 1) if first is not None else (
        unit.own[0], 1)


def _unmapped(where: tuple[str, int], judges: Iterable[Judge]) -> Iterator[Reason]:
    """T1 to T3."""
    judged = False
    for judge in judges:
        found = judge.unmaps()
        judged = judged or found.status is not Standing.UNKNOWN
        if found.status is Standing.NOT_APPLICABLE:
            why = Why.NETMEM_TX_NO_FRAGS if found.basis is Basis.NO_SCATTER else \
                Why.NETMEM_TX_NO_DMA
            at = found.evidence[0] if found.evidence else None
            file, line = (at.file, at.line) if at is not None else where
            yield Reason(why, file=file, line=line)
        elif found.status is not Standing.MET:
            yield from _left(judge, found.evidence)
        else:
            yield from _not_kept(judge)
            if not judge.sent.asks:
                yield from (one.reason for one in faults(World(judge.unit.analysis))
                            if one.scope.file in judge.unit.files)
    if not judged:
        yield Reason(Why.NETMEM_TX_UNJUDGED, file=where[0], line=where[1])


def _not_kept(judge: Judge) -> Iterator[Reason]:
    """The frags that a function maps, of which it keeps fewer by netmem; none in a driver that
    notes by itself what each is."""
    maps = [] if judge.sent.asks else judge.sent.maps
    for body in dict.fromkeys(use.body for use in maps):
        keeps = sum(has(call.name, Trait.NETMEM_UNMAP) for call in view.calls(body.node)
                    if call.name.decode("latin-1") in spelled.KEEPS_ADDRESS)
        mine = [use for use in maps if use.body == body]
        for use in mine if keeps < len(mine) else ():
            at = judge.unit.use_at(use)
            yield Reason(Why.NETMEM_TX_KEPT, file=at.file, line=at.line)


def _left(judge: Judge, places: Iterable[Evidence]) -> Iterator[Reason]:
    """What is mapped or unmapped otherwise than by netmem."""
    sent = judge.sent
    told = {use for use in sent.raw if sent.told(use)}
    kinds: dict[Why, list[Use]] = {
        Why.NETMEM_TX_MAPPED: [*sent.lists, *sent.by_memory],
        Why.NETMEM_TX_KEPT: sent.unsafe,
        Why.NETMEM_TX_UNMAP: [use for use in sent.raw if use not in told]}
    said = [(why, judge.unit.use_at(use)) for why, uses in kinds.items() for use in uses]
    for why, at in said or [(Why.NETMEM_TX_UNMAP, one) for one in places]:
        yield Reason(why, file=at.file, line=at.line)


def _read(found: Iterable[Read]) -> Iterator[Reason]:
    """T4."""
    for one in found:
        if one.handled:
            continue
        why = Why.NETMEM_TX_MAPPED if one.mapped else Why.NETMEM_TX_GIVEN if one.unknown else \
            Why.NETMEM_TX_SENT if one.fails else Why.NETMEM_TX_READS
        named = why in (Why.NETMEM_TX_GIVEN, Why.NETMEM_TX_SENT)
        yield Reason(why, by=f"{one.name}()" if named else "", other=one.other,
                     file=one.file, line=one.line)
