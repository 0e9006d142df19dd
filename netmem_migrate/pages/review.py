# SPDX-License-Identifier: GPL-2.0-only
"""A conversion as one page to read: before and after side by side, with the reasons.

What a person has to decide comes first, then each driver: what moved, what stayed and why, and its
files as `git diff` cuts them. The page needs no network and runs from file://.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from netmem_migrate.convert.passes import load
from netmem_migrate.pages.base import render
from netmem_migrate.pages.bridges import bridges
from netmem_migrate.pages.hunks import FileView, views
from netmem_migrate.pages.sources import Sources, requirement_rows
from netmem_migrate.report import wording
from netmem_migrate.results import Action, Migration, Refusal, Run, Site, Standing
from netmem_migrate.terminal.summary import grouped

if TYPE_CHECKING:
    from netmem_migrate.flow.analyse import Analysis

# Above this many bytes of changed files, a page keeps only this many unchanged lines around hunks.
_LARGE = 600_000
_AROUND = 30


@dataclass(frozen=True, slots=True)
class _File:
    """A changed file in the page: its anchor, its name inside the driver, and its hunks."""

    id: str
    shown: str
    view: FileView


def page(run: Run, *, title: str = "", analyses: Mapping[str, Analysis] | None = None) -> str:
    """The conversion as one self-contained HTML page.

    `title` is "netmem conversion of PATH" by default. `analyses`, by driver path, add the chain of
    flows behind each declaration, and the requirements of netmem.rst where they were not judged.
    Lines of files that do not change are read from `run.root`; where they are not there, places
    are named without their text.
    """
    passes = {one.declared.id: one.declared.summary for one in load()}
    size = sum(len(change.before) for one in run.drivers for change in one.changes)
    gap = _AROUND if size > _LARGE else None
    numbers = count(1)
    drivers = []
    for index, migration in enumerate(run.drivers, 1):
        analysis = (analyses or {}).get(migration.report.path)
        drivers.append(_driver(run, f"d{index}", migration, numbers, passes, gap, analysis))
    used = sorted({edit.transform for one in run.drivers for edit in one.edits})
    return render(
        "review", run=run, drivers=drivers, passes=passes, used=used,
        title=title or _title([driver["name"] for driver in drivers]),
        refused=sum(len(driver["refusals"]) for driver in drivers),
        bridged=sum(len(driver["bridges"]) for driver in drivers))


def _title(names: list[str]) -> str:
    if len(names) == 1:
        return f"netmem conversion of {names[0]}"
    return f"netmem conversion of {len(names)} drivers"


def _driver(run: Run, anchor: str, migration: Migration, numbers: count[int],
            passes: Mapping[str, str], gap: int | None,
            analysis: Analysis | None) -> dict[str, Any]:
    report = migration.report
    sources = Sources(run.root, report.path, migration.converting)
    files = []
    for step in (step for step in migration.steps if step.room is not None):
        said = wording.room(step.room) if step.room is not None else ""
        files += [_File(f"f{next(numbers)}", f"{sources.shown(view.path)} ({said})", view)
                  for view in views(run.root, step.changes, (), passes, gap=gap)]
    changes = [one for one in migration.converting if one.before != one.after]
    for view in views(run.root, changes, migration.edits, passes, gap=gap):
        files.append(_File(f"f{next(numbers)}", sources.shown(view.path), view))
        sources.anchors[view.path] = files[-1].id
    kept = [site for site in report.sites if site.action is Action.KEPT]
    requirements = report.requirements
    if not requirements and analysis is not None:
        from netmem_migrate.flow.judge.verdict import judged

        requirements = judged(analysis, report.sites).requirements
    statuses = [one.status for one in requirements.values()]
    return {
        "id": anchor,
        "name": report.path if report.path != "." else run.root.name,
        "verdict": report.verdict.value,
        "files": files,
        "file_count": len(report.files),
        "steps": len(migration.steps),
        "refusals": [_refusal(item, sources) for item in report.refusals],
        "bridges": bridges(migration, sources),
        "converted": _sites(report.sites, Action.CONVERTED, sources),
        "kept_count": len(kept),
        "kept": [{"call": call, "reason": sources.shorten(reason),
                  "places": [sources.spot(site.file, site.line) for site in sites]}
                 for (call, reason), sites in grouped(kept).items()],
        "declarations": [
            {"kind": item.kind, "name": item.name,
             "new_name": item.new_name if item.new_name != item.name else "",
             "from_": item.from_, "to": item.to, "function": item.function,
             "place": sources.spot(item.file, item.line),
             "chain": [sources.shorten(line) for line in
                       _chain(analysis, item.file, item.line, item.name)]}
            for item in report.declarations],
        "requirements": requirement_rows(requirements, sources),
        "tally": ", ".join(f"{statuses.count(status)} {status}"
                           for status in Standing if status in statuses),
    }


def _refusal(item: Refusal, sources: Sources) -> dict[str, Any]:
    return {
        "slot": item.slot, "category": item.category.value, "reason": wording.refusal(item),
        "todo": wording.ADVICE[item.category].todo,
        "place": sources.spot(item.file, item.line),
        "origins": [sources.spot(one.file, one.line, wording.what(one), code=True)
                    for one in wording.origins(item)],
    }


def _sites(sites: tuple[Site, ...], action: Action, sources: Sources) -> list[dict[str, Any]]:
    return [{"call": site.call, "to": site.to, "reason": wording.site(site),
             "function": site.function, "place": sources.spot(site.file, site.line)}
            for site in sites if site.action is action]


def _chain(analysis: Analysis | None, file: str, line: int, name: str) -> list[str]:
    """The flows that bring the pool's memory to a declared slot, one a line."""
    if analysis is None:
        return []
    from netmem_migrate.report.explain import LineKind, explain, slots_at

    for slot in slots_at(analysis, file, line):
        if slot.name == name:
            return [one.text for one in explain(analysis, slot)
                    if one.kind not in (LineKind.VERDICT, LineKind.HEADING)]
    return []
