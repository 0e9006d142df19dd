# SPDX-License-Identifier: GPL-2.0-only
"""The verdict of a driver: that of its module, or the worst of several."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.judge.allowed import Conditions
from netmem_migrate.flow.judge.pools import Pool
from netmem_migrate.flow.judge.rules import Judge
from netmem_migrate.flow.judge.unit import Unit, condition, said, units
from netmem_migrate.model.spelled import DMA_MAP, DMA_SYNC, UNREADABLE
from netmem_migrate.results import Allowed, PoolReport, PoolValue, Requirement, Site, Standing

_WORST = (Standing.UNMET, Standing.UNKNOWN, Standing.CONDITIONAL, Standing.MET,
          Standing.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a driver stands to each requirement, and the pools that it was judged by."""

    requirements: dict[str, Requirement] = field(default_factory=dict)
    pools: tuple[PoolReport, ...] = ()


def judged(analysis: Analysis, sites: Sequence[Site]) -> Verdict:
    """One `Requirement` for each of rx.1 to rx.7, tx.1 to tx.2, and for what netmem.rst does not
    name but the core asks for (queue-mgmt); none without a pool. `sites` are the driver's calls.
    """
    pools: list[PoolReport] = []
    for unit in units(analysis):
        judge = Judge(unit, sites)
        mine = judge.judged() if judge.pools else {}
        conditions = Conditions(judge, mine)
        pools += [replace(_said(unit, pool, mine), allowed=_allowed(judge, conditions, pool))
                  for pool in judge.pools]
    return Verdict(worst(pools), tuple(pools))


def _allowed(judge: Judge, conditions: Conditions, pool: Pool) -> tuple[Allowed, ...]:
    """What has to hold before a pool may have memory that the CPU cannot read; nothing where one of
    the module already may."""
    return () if judge.unreadable else conditions.of(pool)


def worst(pools: Iterable[PoolReport], files: Collection[str] = ()) -> dict[str, Requirement]:
    """How the modules of some pools stand together; where `files` are said, those that have one."""
    found: dict[str, Requirement] = {}
    for pool in pools:
        if files and not set(pool.module) & set(files):
            continue
        for key, one in pool.requirements.items():
            if key not in found or _WORST.index(one.status) < _WORST.index(found[key].status):
                found[key] = one
    return found


def _said(unit: Unit, pool: Pool, requirements: dict[str, Requirement]) -> PoolReport:
    at = unit.use_at(pool.use)
    return PoolReport(at.file, at.line, unit.own, tuple(
        PoolValue(name, (f"{one.sign} " if one.sign[0] in "+-" else "") + said(one.node),
                  one.condition)
        for name, values in sorted(pool.values.items()) for one in values),
        tuple(PoolValue(name, said(found.node), found.condition)
              for name in (DMA_MAP, DMA_SYNC, UNREADABLE)
              if (found := pool.flag(name)) is not None), requirements,
        condition(pool.use.body.node, pool.use.call.node))
