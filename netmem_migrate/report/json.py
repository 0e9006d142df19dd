# SPDX-License-Identifier: GPL-2.0-only
"""The report of a run as JSON, version 2 (docs/report.md): plain data for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from netmem_migrate.reasons import Class, Reason
from netmem_migrate.report import wording
from netmem_migrate.report.nearest import Near, Totals, netmem_calls, ranked, totals
from netmem_migrate.report.plan import Item, Plan
from netmem_migrate.report.since import Figures, One, Pair, Since
from netmem_migrate.results import (
    Allowed,
    BridgeSite,
    Declaration,
    DriverReport,
    PoolReport,
    Readable,
    Refusal,
    Requirement,
    Room,
    Run,
    Site,
    Standing,
    Verdict,
)

VERSION = 2


def _declaration(item: Declaration) -> dict[str, Any]:
    return {
        "file": item.file,
        "line": item.line,
        "function": item.function,
        "kind": item.kind,
        "name": item.name,
        "new_name": item.new_name,
        "from": item.from_,
        "to": item.to,
    }


def _site(item: Site) -> dict[str, Any]:
    return {
        "file": item.file,
        "line": item.line,
        "function": item.function,
        "call": item.call,
        "action": item.action.value,
        "to": item.to,
        **({"class": item.detail.class_.value} if item.detail is not None else {}),
        **({"reason": _reason(item)} if item.reason is not None else {}),
    }


def _reason(item: Site) -> dict[str, Any]:
    """What stands in the way first, and where; `step` is the id of a preparatory one, or ""."""
    assert item.reason is not None and item.detail is not None
    chain = list(item.reason.chain)
    placed = next((one for one in chain if one.file), None)
    return {
        "kind": item.detail.value,
        "text": wording.text(item.reason),
        "slot": next((one.slot for one in chain if one.slot), ""),
        "file": placed.file if placed is not None else item.file,
        "line": placed.line if placed is not None else item.line,
        "step": item.detail.step,
    }


def _refusal(item: Refusal) -> dict[str, Any]:
    return {
        "file": item.file,
        "line": item.line,
        "slot": item.slot,
        "category": item.category.value,
        "reason": wording.refusal(item),
        "origins": [wording.origin(one) for one in wording.origins(item)],
    }


def _bridge(item: BridgeSite) -> dict[str, Any]:
    return {"file": item.file, "line": item.line, "text": item.text, "reason": item.reason}


def _room(item: Room, *, done: bool) -> dict[str, Any]:
    return {
        "step": item.step,
        "slot": item.slot,
        "made": item.made,
        "file": item.file,
        "line": item.line,
        "reason": wording.text(item.reason),
        "calls": item.calls,
        "done": done,
    }


def _behind(item: Room) -> dict[str, Any]:
    return {"step": item.step, "slot": item.slot, "made": item.made, "file": item.file,
            "line": item.line}


def _undone(item: Reason) -> dict[str, Any]:
    return {"slot": item.slot, "file": item.file, "line": item.line,
            "reason": wording.undone(item)}


def _stay(item: Reason) -> dict[str, Any]:
    return {"slot": item.slot, "file": item.file, "line": item.line,
            "reason": wording.text(item)}


def _readable(item: Readable) -> dict[str, Any]:
    return {
        "file": item.file,
        "line": item.line,
        "function": item.function,
        "kind": item.kind.value,
        "text": item.text,
    }


def _requirement(item: Requirement) -> dict[str, Any]:
    return {
        "status": item.status.value,
        **({"condition": item.condition} if item.condition else {}),
        "evidence": [{"file": one.file, "line": one.line, "text": one.text}
                     for one in item.shown],
    }


def _pool(item: PoolReport) -> dict[str, Any]:
    return {
        "file": item.file, "line": item.line,
        **({"condition": item.condition} if item.condition else {}),
        **{name: [{"value": one.text, **({"condition": one.condition} if one.condition else {})}
                  for one in item.values if one.name == name] for name in dict.fromkeys(
                      one.name for one in item.values)},
        "requirements": {key: one.status.value for key, one in sorted(item.requirements.items())},
    }


def driver_to_dict(report: DriverReport) -> dict[str, Any]:
    """One entry of the report's `drivers`."""
    return {
        "path": report.path,
        "files": list(report.files),
        "verdict": report.verdict.value,
        "declarations": [_declaration(item) for item in report.declarations],
        "sites": [_site(item) for item in report.sites],
        "refusals": [_refusal(item) for item in report.refusals],
        "bridges": [_bridge(item) for item in report.bridges],
        "readable": [_readable(item) for item in report.readable],
        "requirements": {
            key: _requirement(report.requirements[key]) for key in sorted(report.requirements)
        },
        **({"pools": [_pool(one) for one in report.pools]} if report.pools else {}),
        **({"joined": list(report.joined)} if report.joined else {}),
        **({"rooms": [_room(item, done=True) for item in report.rooms]
            + [_room(item, done=False) for item in report.advised]}
           if report.rooms or report.advised else {}),
        **({"behind": [_behind(item) for item in report.behind],
            "undone": [_undone(item) for item in report.undone]}
           if report.behind or report.undone else {}),
        **({"stays": [_stay(item) for item in report.stays]} if report.stays else {}),
        **({"older_kernels": {"before": report.older.release, "file": report.older.file,
                              "line": report.older.line}} if report.older is not None else {}),
        "parse": {
            "functions": report.parse.functions,
            "functions_with_errors": report.parse.functions_with_errors,
            "relevant_functions_with_errors": report.parse.relevant_functions_with_errors,
        },
    }


def to_dict(runs: Sequence[Run]) -> dict[str, Any]:
    """The whole report. The folder the tree lies in is not part of it: reports can be compared.

    Where there are several, each driver says by its name which one it is in.
    """
    several = len(runs) > 1
    looked = [{**({"root": run.root.name} if several else {}), **asdict(one)}
              for run in runs for one in run.looked]
    return {
        "version": VERSION,
        "kernel": runs[0].kernel,
        "api": runs[0].api,
        **({"looked": looked} if looked else {}),
        "drivers": [{**({"root": run.root.name, "kernel": run.kernel, "api": run.api}
                        if several else {}), **driver_to_dict(migration.report)}
                    for run in runs for migration in run.drivers],
    }


def dumps(*runs: Run) -> str:
    """The report as text: ASCII, two-space indent, a newline at the end."""
    return _text(to_dict(runs))


def _text(whole: dict[str, Any]) -> str:
    return json.dumps(whole, indent=2) + "\n"


# -- scan


def scanned(runs: Sequence[Run], since: Since | None = None, *, one_driver: bool = False) -> str:
    """The report of a scan as text: the same, and how near each driver is, what is next for it,
    the totals, and what moved `since` an older tree.
    """
    whole = to_dict(runs)
    entries = iter(whole["drivers"])
    for run in runs:
        near = {id(one.migration): one for one in ranked(run, one_driver=one_driver)}
        for migration in run.drivers:
            next(entries)["scan"] = _near(run, near[id(migration)])
    whole["totals"] = _totals(totals(runs))
    if since is not None:
        whole["since"] = _since(since)
    return _text(whole)


def _near(run: Run, item: Near) -> dict[str, Any]:
    return {
        "rank": item.rank,
        "unmet": list(item.unmet),
        "unknown": list(item.unknown),
        "left": item.left,
        "netmem_calls": netmem_calls(run, item.report),
        "next": {
            "kind": item.next.kind.value,
            "text": item.next.text(),
            "command": item.next.command(),
            "steps": list(item.next.rooms),
            "requirement": item.next.requirement,
            "file": item.next.place.file if item.next.place is not None else "",
            "line": item.next.place.line if item.next.place is not None else 0,
        },
    }


def _totals(item: Totals) -> dict[str, Any]:
    return {
        "drivers": item.drivers,
        "verdicts": {one.value: item.verdicts[one] for one in Verdict if item.verdicts[one]},
        "calls": item.calls,
        "converted": item.converted,
        "classes": {one.value: item.classes[one] for one in Class},
        "left": item.left,
        "netmem_calls": item.netmem_calls,
        "files_changed": item.files_changed,
        "judged": item.judged,
        "requirements": {key: {one.value: counts[one] for one in Standing}
                         for key, counts in item.requirements.items()},
    }


def _since(item: Since) -> dict[str, Any]:
    return {
        "kernel": item.old.kernel,
        "api": item.old.api,
        "totals": _totals(totals([item.old])),
        "changed": [_pair(one) for one in item.changed],
        "new": [_one(one) for one in item.came],
        "gone": [_one(one) for one in item.went],
        "parts": [{"from": one.was, "to": one.now, "files": list(one.files)}
                  for one in item.parts],
        "same": [one.new.path for one in item.pairs if not one.differs],
    }


def _pair(item: Pair) -> dict[str, Any]:
    old, new = item.old, item.new
    return {
        "path": new.path,
        **({"was": old.path} if item.moved else {}),
        "verdict": _from_to(old.verdict.value, new.verdict.value),
        "netmem_calls": _from_to(old.netmem_calls, new.netmem_calls),
        "page_calls": _from_to(old.page_calls, new.page_calls),
        "requirements": {key: _from_to(*both) for key, both in item.requirements.items()},
    }


def _from_to(old: str | int, new: str | int) -> dict[str, Any]:
    return {"from": old, "to": new}


def _one(item: One) -> dict[str, Any]:
    return {**_figures(item.driver), "there": item.there}


def _figures(item: Figures) -> dict[str, Any]:
    return {"path": item.path, "verdict": item.verdict.value, "netmem_calls": item.netmem_calls,
            "page_calls": item.page_calls, "unmet": item.unmet}


# -- plan


def planned(plans: Sequence[Plan]) -> str:
    """Plans as text: a list, and each with its items in their order."""
    return _text({"version": VERSION, "plans": [{
        "path": one.path, "kernel": one.kernel, "files": list(one.files),
        "pools": [_pool(pool) for pool in one.pools],
        "items": [_item(item, one.path) for item in one.items]} for one in plans]})


def _condition(item: Allowed) -> dict[str, Any]:
    return {"id": item.id, "status": item.status.value, "parts": [
        {"status": one.status.value, "text": wording.lacking(one.reason),
         "places": [{"file": at.file, "line": at.line} for at in one.places]}
        for one in item.parts]}


def _item(item: Item, path: str) -> dict[str, Any]:
    deed = item.deed
    return {
        "id": item.asked.id,
        "source": item.asked.source,
        "words": item.words,
        "status": item.standing.value if item.standing is not None else "not-judged",
        **({"condition": item.condition} if item.condition else {}),
        "evidence": [asdict(one) for one in item.places],
        **({"absent": {"name": item.absent[0], "header": item.absent[1]}}
           if item.absent is not None else {}),
        **({"tool": {"command": deed.command(path), "done": deed.done, "of": deed.of,
                     "notes": list(deed.said)}} if deed is not None else {}),
        "person": [{"text": one.text, "places": [asdict(place) for place in one.places]}
                   for one in item.todo],
        **({"conditions": [_condition(one) for one in item.allowed]} if item.allowed else {}),
        "hardware": item.asked.hardware,
        "selftests": [{"file": one.file, "cases": list(one.cases), "skipped_before":
                       list(one.waits), "where": one.where} for one in item.tests],
    }
