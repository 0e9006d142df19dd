# SPDX-License-Identifier: GPL-2.0-only
"""A scan as one page: every driver of a tree in a table, and a part for each with its evidence."""

from __future__ import annotations

from typing import Any

from netmem_migrate.pages.base import render
from netmem_migrate.pages.sources import Sources, requirement_rows
from netmem_migrate.report import wording
from netmem_migrate.report.nearest import ORDER, Near, ranked
from netmem_migrate.report.requirements import SHORT, ordered, short
from netmem_migrate.results import Action, Run, Standing, Verdict
from netmem_migrate.terminal.summary import grouped, totals

# What a cell of the matrix shows; the word is there too, for those who do not see it.
_SIGNS = {Standing.MET: ("✓", "met"),
          Standing.CONDITIONAL: ("(✓)", "met under a test that the source makes"),
          Standing.UNMET: ("✗", "unmet"),
          Standing.UNKNOWN: ("?", "unknown: the source alone does not tell"),
          Standing.NOT_APPLICABLE: ("–", "does not apply")}


def page(run: Run, *, title: str = "", one_driver: bool = False) -> str:
    """The drivers of a run as one self-contained HTML page, nearest to device memory first.

    `title` is "netmem scan" and the kernel's release by default; `one_driver`: each path was taken
    for one driver. The page holds no source but the lines that the report itself names as evidence.
    """
    drivers = [_driver(run, one) for one in ranked(run, one_driver=one_driver)]
    verdicts = [(verdict.value, sum(one["verdict"] == verdict.value for one in drivers))
                for verdict in Verdict]
    titles = {key: short(key) for key in ordered(
        {*SHORT, *(key for one in drivers for key in one["status"])})}
    met = {key: sum(one["status"].get(key) == Standing.MET for one in drivers) for key in titles}
    judged = sum(bool(one["status"]) for one in drivers)
    return render("scan", run=run, drivers=drivers, verdicts=verdicts, met=met,
                  signs={one.value: sign for one, (sign, _) in _SIGNS.items()},
                  legend=", ".join(" ".join(one) for one in _SIGNS.values()),
                  judged=judged, short=titles, order=ORDER, totals=totals([run]),
                  title=title or f"netmem scan{' of linux ' + run.kernel if run.kernel else ''}")


def _driver(run: Run, near: Near) -> dict[str, Any]:
    report = near.report
    sources = Sources(run.root, report.path)
    kept = [site for site in report.sites if site.action is Action.KEPT]
    return {
        "rank": near.rank,
        "name": report.path if report.path != "." else run.root.name,
        "verdict": report.verdict.value,
        "next": near.next.text(),
        "numbers": {"calls": len(report.sites), "convert": len(report.sites) - len(kept),
                    "by design": sum(site.by_design for site in report.sites),
                    "left": near.left, "refused": len(report.refusals)},
        "file_count": len(report.files),
        "changed": [change.path for change in near.migration.changes],
        "status": {key: one.status.value for key, one in report.requirements.items()},
        "refusals": [
            {"slot": item.slot, "category": item.category.value, "reason": wording.refusal(item),
             "todo": wording.ADVICE[item.category].todo,
             "place": sources.spot(item.file, item.line, code=True),
             "origins": [sources.spot(one.file, one.line, wording.what(one), code=True)
                         for one in wording.origins(item)]}
            for item in report.refusals],
        "kept": [{"call": call, "reason": sources.shorten(reason),
                  "places": [sources.spot(site.file, site.line, code=True) for site in sites]}
                 for (call, reason), sites in grouped(kept).items()],
        "requirements": requirement_rows(report.requirements, sources, code=True),
    }
