# SPDX-License-Identifier: GPL-2.0-only
"""The report of a run as JSON, version 2 (docs/report.md): plain data for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from netmem_migrate.reasons import Reason
from netmem_migrate.report import wording
from netmem_migrate.results import (
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
                     for one in item.evidence],
    }


def _pool(item: PoolReport) -> dict[str, Any]:
    return {
        "file": item.file, "line": item.line,
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
    return json.dumps(to_dict(runs), indent=2) + "\n"
