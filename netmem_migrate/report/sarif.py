# SPDX-License-Identifier: GPL-2.0-only
"""SARIF 2.1.0 (OASIS): findings as a log that code hosts and editors show beside the source.

`document()` and `text()` know nothing of who found what, so that every command can use them;
`refusals()` is what `scan` and a conversion have to say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from netmem_migrate.reasons import Category
from netmem_migrate.report import wording
from netmem_migrate.results import Run

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# Where paths begin; a viewer is told on its side which folder that is on its machine.
BASE = "SRCROOT"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a result is an instance of; `id` is stable, the texts are for people."""

    id: str
    short: str
    full: str = ""
    help_uri: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file; `line` and `column` count from 1, 0 means not known.

    `text` says what is to be seen there.
    """

    file: str
    line: int
    column: int = 0
    text: str = ""
    function: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One finding; `level` is error, warning or note. `related` are places that explain it.

    `path` is a way through the code on which it comes about.
    """

    rule: str
    level: str
    message: str
    place: Location
    related: tuple[Location, ...] = ()
    path: tuple[Location, ...] = ()


def document(rules: Sequence[Descriptor], results: Iterable[Result]) -> dict[str, Any]:
    """A log of one run, as plain data. Each result's rule must be one of `rules`."""
    order = {rule.id: index for index, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "netmem-migrate",
                "version": version("netmem-migrate"),
                "rules": [_descriptor(rule) for rule in rules],
            }},
            "columnKind": "unicodeCodePoints",
            "results": [_result(result, order[result.rule]) for result in results],
        }],
    }


def text(rules: Sequence[Descriptor], results: Iterable[Result]) -> str:
    """The log as ASCII JSON, two-space indent, a newline at the end; same input, same bytes."""
    return json.dumps(document(rules, results), indent=2) + "\n"


def refusals(*runs: Run) -> tuple[list[Descriptor], list[Result]]:
    """Every refusal of the runs as a warning, and the categories met as rules, in order of name."""
    results = []
    for migration in (one for run in runs for one in run.drivers):
        for item in migration.report.refusals:
            related = tuple(Location(one.file, one.line, text=wording.what(one))
                            for one in wording.origins(item))
            results.append(Result(_id(item.category), "warning", wording.refusal(item),
                                  Location(item.file, item.line), related))
    met = {item.category for run in runs for one in run.drivers for item in one.report.refusals}
    return [_refused(one) for one in sorted(met)], results


def _id(category: Category) -> str:
    return f"refused/{category.value}"


def _refused(category: Category) -> Descriptor:
    known = wording.ADVICE[category]
    return Descriptor(_id(category), known.means, f"{known.means} {known.todo}")


def dumps(*runs: Run) -> str:
    """The refusals of some runs as a SARIF log."""
    return text(*refusals(*runs))


def _descriptor(rule: Descriptor) -> dict[str, Any]:
    told: dict[str, Any] = {"id": rule.id, "shortDescription": {"text": rule.short}}
    if rule.full:
        told["fullDescription"] = {"text": rule.full}
    if rule.help_uri:
        told["helpUri"] = rule.help_uri
    return told


def _result(result: Result, index: int) -> dict[str, Any]:
    # Lines move, messages and files hardly do: this tells a viewer which result is an old one.
    print_ = hashlib.sha256("\0".join(
        (result.rule, result.place.file, result.message)).encode("utf-8", "surrogateescape"))
    told: dict[str, Any] = {
        "ruleId": result.rule,
        "ruleIndex": index,
        "level": result.level,
        "message": {"text": result.message},
        "locations": [_location(result.place)],
        "partialFingerprints": {"message/v1": print_.hexdigest()[:32]},
    }
    if result.related:
        told["relatedLocations"] = [_location(place, number)
                                    for number, place in enumerate(result.related, 1)]
    if result.path:
        told["codeFlows"] = [{"threadFlows": [{
            "locations": [{"location": _location(place)} for place in result.path]}]}]
    return told


def _location(place: Location, number: int = 0) -> dict[str, Any]:
    artifact = {"uri": quote(place.file, errors="surrogateescape"), "uriBaseId": BASE}
    physical: dict[str, Any] = {"artifactLocation": artifact}
    if place.line:
        region = {"startLine": place.line}
        if place.column:
            region["startColumn"] = place.column
        physical["region"] = region
    told: dict[str, Any] = {"id": number} if number else {}
    told["physicalLocation"] = physical
    if place.function:
        told["logicalLocations"] = [{"name": place.function, "kind": "function"}]
    if place.text:
        told["message"] = {"text": place.text}
    return told
