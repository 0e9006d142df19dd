# SPDX-License-Identifier: GPL-2.0-only
"""The judge at the end of each conversion: the tool's own check (docs/checking.md)."""

from __future__ import annotations

from dataclasses import replace

from netmem_migrate.check.changes import check_changes
from netmem_migrate.convert.passes import to_judge
from netmem_migrate.reasons import Detail, Reason, Why
from netmem_migrate.results import Action, Finding, Migration, Run, Severity, Stopped, Verdict


def check_migration(migration: Migration, api: str) -> tuple[Finding, ...]:
    """Judge a conversion before it is written, patch by patch."""
    return tuple(finding for step in migration.steps
                 for finding in check_changes(to_judge(step), api))


def judged(run: Run) -> Run:
    """The run without the conversions in which the tool's own check finds fault."""
    drivers, stopped = list(run.drivers), list(run.stopped)
    for index, one in enumerate(drivers):
        drivers[index], faults = judged_one(one, run.api)
        stopped += faults
    return replace(run, drivers=tuple(drivers), stopped=tuple(stopped))


def judged_one(one: Migration, api: str) -> tuple[Migration, tuple[Stopped, ...]]:
    """The same for one driver, and what stops it."""
    faults = tuple(finding for finding in check_migration(one, api)
                   if finding.severity != Severity.NOTE) if one.changes else ()
    return (_without(one), (Stopped(one.report.path, faults),)) if faults else (one, ())


def _without(migration: Migration) -> Migration:
    """A migration of which nothing is left: its calls stay."""
    said = migration.report
    sites = tuple(one if one.action is Action.KEPT else
                  replace(one, action=Action.KEPT, to="",
                          reason=Reason(Why.STOPPED), detail=Detail.OTHER) for one in said.sites)
    return replace(migration, changes=(), edits=(), steps=(), report=replace(
        said, verdict=Verdict.STOPPED, declarations=(), sites=sites, readable=(), bridges=(),
        stays=(), older=None))
