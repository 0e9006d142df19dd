# SPDX-License-Identifier: GPL-2.0-only
"""The verdict of a driver: that of its module, or the worst of several."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from netmem_migrate.c import view
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.judge.pools import Pool
from netmem_migrate.flow.judge.rules import Judge
from netmem_migrate.flow.judge.unit import Unit, units
from netmem_migrate.results import PoolReport, PoolValue, Requirement, Site, Standing

_WORST = (Standing.UNMET, Standing.UNKNOWN, Standing.CONDITIONAL, Standing.MET,
          Standing.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a driver stands to each requirement, and the pools that it was judged by."""

    requirements: dict[str, Requirement] = field(default_factory=dict)
    pools: tuple[PoolReport, ...] = ()


def judged(analysis: Analysis, sites: Sequence[Site], files: Collection[str] = ()) -> Verdict:
    """One `Requirement` for each of rx.1 to rx.7, tx.1 to tx.2, and for what netmem.rst does not
    name but the core asks for (queue-mgmt); none without a pool.

    `sites` are the calls of the driver. Where `files` are said, only modules that have one count.
    """
    found: dict[str, Requirement] = {}
    pools: list[PoolReport] = []
    for unit in units(analysis):
        if files and not set(unit.own) & set(files):
            continue
        judge = Judge(unit, sites)
        mine = judge.judged()
        pools += [_said(unit, pool, mine) for pool in judge.pools]
        for key, one in mine.items():
            if key not in found or _WORST.index(one.status) < _WORST.index(found[key].status):
                found[key] = one
    return Verdict(found, tuple(pools))


def _said(unit: Unit, pool: Pool, requirements: dict[str, Requirement]) -> PoolReport:
    at = unit.use_at(pool.use)
    return PoolReport(at.file, at.line, tuple(
        PoolValue(name, " ".join(view.text(one.node).decode("utf-8", "replace").split()),
                  one.condition)
        for name, values in sorted(pool.values.items()) for one in values), requirements)
