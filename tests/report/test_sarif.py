# SPDX-License-Identifier: GPL-2.0-only
"""SARIF logs: the shape that the 2.1.0 schema asks for, and what refusals become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from html_tools import DRIVER

from netmem_migrate.api import migrate
from netmem_migrate.report import sarif
from netmem_migrate.results import DriverReport, Migration, Refusal, Run, Verdict

# The properties that the schema knows of each object used here, those it requires first.
KNOWN: dict[str, tuple[set[str], set[str]]] = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"results", "columnKind"}),
    "driver": ({"name"}, {"version", "rules", "informationUri"}),
    "rule": ({"id"}, {"shortDescription", "fullDescription", "helpUri"}),
    "result": ({"message"}, {"ruleId", "ruleIndex", "level", "locations", "relatedLocations",
                             "partialFingerprints"}),
    "location": (set(), {"id", "physicalLocation", "logicalLocations", "message"}),
    "physical": (set(), {"artifactLocation", "region"}),
    "artifact": (set(), {"uri", "uriBaseId"}),
    "region": (set(), {"startLine", "startColumn"}),
    "logical": (set(), {"name", "kind"}),
    "message": ({"text"}, set()),
}


def fits(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    required, optional = KNOWN[kind]
    assert required <= value.keys() <= required | optional, (kind, value)
    return value


def check_location(value: dict[str, Any]) -> None:
    fits("location", value)
    physical = fits("physical", value["physicalLocation"])
    uri = fits("artifact", physical["artifactLocation"])["uri"]
    assert uri.isascii() and not set(uri) & set(' <>"\\^`{|}') and not uri.startswith("/")
    for number in fits("region", physical.get("region", {})).values():
        assert isinstance(number, int) and number >= 1
    for logical in value.get("logicalLocations", ()):
        fits("logical", logical)
    if "message" in value:
        assert fits("message", value["message"])["text"]


def check(text: str) -> list[dict[str, Any]]:
    """Hold a log against the schema's shape; its results."""
    assert text.isascii() and text.endswith("}\n")
    log = fits("log", json.loads(text))
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = fits("driver", fits("run", run)["tool"]["driver"])
    assert driver["name"] == "netmem-migrate" and driver["version"]
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    for rule in driver["rules"]:
        fits("rule", rule)
        for name in ("shortDescription", "fullDescription"):
            assert name not in rule or fits("message", rule[name])["text"]
    for result in run["results"]:
        fits("result", result)
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert fits("message", result["message"])["text"]
        for place in result["locations"]:
            check_location(place)
        related = result.get("relatedLocations", [])
        assert [place["id"] for place in related] == list(range(1, len(related) + 1))
        for place in related:
            check_location(place)
    return list(run["results"])


def run_with(*refusals: Refusal) -> Run:
    report = DriverReport("drivers/one", (), Verdict.REFUSED, refusals=refusals)
    return Run(Path(), "7.3.4", "7.3", (Migration(report),))


def test_refusals_become_results_with_their_origins(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "d.c").write_text(DRIVER)
    run = migrate([tmp_path / "demo"], api="7.3")
    (item,) = run.drivers[0].report.refusals
    (result,) = check(sarif.dumps(run))
    assert result["ruleId"] == f"refused/{item.category}"
    assert result["message"]["text"] == item.reason
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == item.file
    assert physical["region"] == {"startLine": item.line}
    told = [f"{place['physicalLocation']['artifactLocation']['uri']}:"
            f"{place['physicalLocation']['region']['startLine']} {place['message']['text']}"
            for place in result["relatedLocations"]]
    assert told == list(item.origins)


def test_nothing_refused_is_a_log_without_results() -> None:
    assert check(sarif.dumps(run_with())) == []


def test_names_are_uris_and_come_back(tmp_path: Path) -> None:
    names = ["a b.c", "100%.c", "ü.c", "a#b?.c", 'q"<>.c']
    refusals = [Refusal(name, 1, "s", "macro", "why", (f"{name}:2 there",)) for name in names]
    results = check(sarif.dumps(run_with(*refusals)))
    for place in ("locations", "relatedLocations"):
        assert [unquote(one[place][0]["physicalLocation"]["artifactLocation"]["uri"])
                for one in results] == names


def test_rules_are_named_once_and_in_order() -> None:
    refusals = [Refusal("a.c", line, "s", category, "why") for line, category in enumerate(
        ("void-pointer", "address", "void-pointer", "never heard of"), 1)]
    text = sarif.dumps(run_with(*refusals))
    results = check(text)
    assert [one["ruleIndex"] for one in results] == [2, 0, 2, 1]
    assert not any("relatedLocations" in one for one in results)


def test_fingerprint_outlives_a_moved_line_but_not_another_reason() -> None:
    def print_of(line: int, reason: str) -> object:
        (one,) = check(sarif.dumps(run_with(Refusal("a.c", line, "s", "macro", reason))))
        return one["partialFingerprints"]

    assert print_of(1, "x") == print_of(9, "x") != print_of(1, "y")


@pytest.mark.parametrize(("spelled", "place"), [
    ("a/b.c:12 alloc()", sarif.Place("a/b.c", 12, text="alloc()")),
    ("a:b.c:3 x: y:4 z", sarif.Place("a:b.c", 3, text="x: y:4 z")),
    ("no place", None), ("a.c: 3", None), ("a.c:3", None),
])
def test_origins_are_read_back(spelled: str, place: sarif.Place | None) -> None:
    assert sarif.origin(spelled) == place


def test_findings_of_others_can_have_columns_and_functions() -> None:
    rule = sarif.Rule("own/rule", "Short.", "Full.", "https://docs.kernel.org/")
    found = sarif.Result("own/rule", "error", "what", sarif.Place("a.c", 3, 7, "", "fill"))
    (result,) = check(sarif.text([rule], [found]))
    (place,) = result["locations"]
    assert place["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 7}
    assert place["logicalLocations"] == [{"name": "fill", "kind": "function"}]
