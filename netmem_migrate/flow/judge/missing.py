# SPDX-License-Identifier: GPL-2.0-only
"""What a driver lacks before its pools may have memory that the CPU cannot read, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from netmem_migrate.flow import verdicts
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.judge.allowed import Conditions
from netmem_migrate.flow.judge.rules import Judge
from netmem_migrate.flow.judge.unit import units
from netmem_migrate.reasons import Class, Reason, Why
from netmem_migrate.results import Allowed, Standing

_MISSING = (Standing.UNMET, Standing.CONDITIONAL)


def missing(analysis: Analysis) -> Iterator[Reason]:
    """Of each pool: that the tool does not allow it such memory, then what is in the way."""
    for unit in units(analysis):
        judge = Judge(unit, ())
        conditions = Conditions(judge, judge.judged() if judge.pools else {})
        for pool in judge.unreadable or judge.pools:
            at = unit.use_at(pool.use)
            said = Reason(Why.POOL_ALREADY, slot=f"{pool.use.body.name}()", file=at.file,
                          line=at.line)
            if judge.unreadable:
                yield said
                continue
            pages = [replace(one, slot=said.slot) for one in _pages(analysis, judge)]
            found = conditions.of(pool)
            lacking = _ids(found, _MISSING)
            yield replace(said, why=Why.POOL_NEVER, by=lacking) if lacking else replace(
                said, why=Why.POOL_PAGES_FIRST if pages else Why.POOL_READY,
                by=_ids(found, (Standing.UNKNOWN,)))
            yield from pages
            yield from (_placed(part.reason, said) for one in found for part in one.parts
                        if part.status is not Standing.NOT_APPLICABLE)


def _ids(found: Sequence[Allowed], standings: Sequence[Standing]) -> str:
    return ", ".join(one.id for one in found if one.status in standings)


def _placed(reason: Reason, pool: Reason) -> Reason:
    """A reason at the pool's place, where it has none of its own."""
    return reason if reason.file else replace(reason, file=pool.file, line=pool.line)


def _pages(analysis: Analysis, judge: Judge) -> Iterator[Reason]:
    """The calls that take or give memory of the pool as pages, and not for good."""
    kept = verdicts.kept(analysis)
    for call in analysis.graph.calls:
        detail = kept[call.slot].detail if call.slot in kept else None
        if call.twin.pool_api and not (detail is not None and detail.class_ is Class.BY_DESIGN) \
                and call.place.file in judge.unit.texts and judge.reach.covers(
                    call.place.file, call.place.node):
            yield Reason(Why.POOL_PAGES, by=call.twin.page, file=call.place.file,
                         line=int(call.place.node.start_point[0]) + 1)
