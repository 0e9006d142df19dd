# SPDX-License-Identifier: GPL-2.0-only
"""SARIF logs: valid by the 2.1.0 schema, and what refusals become."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest
from html_tools import DRIVER
from jsonschema import ValidationError
from sarif_tools import check, schema

from netmem_migrate.api import migrate
from netmem_migrate.reasons import Category, Reason, Why
from netmem_migrate.report import sarif, wording
from netmem_migrate.results import DriverReport, Migration, Origin, Refusal, Run, Verdict


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
    assert result["message"]["text"] == wording.refusal(item)
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == item.file
    assert physical["region"] == {"startLine": item.line}
    told = [f"{place['physicalLocation']['artifactLocation']['uri']}:"
            f"{place['physicalLocation']['region']['startLine']} {place['message']['text']}"
            for place in result["relatedLocations"]]
    assert told == [wording.origin(one) for one in item.origins]


def test_nothing_refused_is_a_log_without_results() -> None:
    assert check(sarif.dumps(run_with())) == []


def test_names_are_uris_and_come_back(tmp_path: Path) -> None:
    names = ["a b.c", "100%.c", "ü.c", "a#b?.c", 'q"<>.c']
    refusals = [Refusal(name, 1, "s", Category.MACRO, Reason(Why.MACRO_TYPE),
                        (Origin(name, 2, "there"),)) for name in names]
    results = check(sarif.dumps(run_with(*refusals)))
    for place in ("locations", "relatedLocations"):
        assert [unquote(one[place][0]["physicalLocation"]["artifactLocation"]["uri"])
                for one in results] == names


def test_rules_are_named_once_and_in_order() -> None:
    refusals = [
        Refusal("a.c", line, "s", category, Reason(Why.CAST)) for line, category in enumerate((
            Category.VOID_POINTER, Category.ADDRESS, Category.VOID_POINTER, Category.MACRO), 1)]
    text = sarif.dumps(run_with(*refusals))
    results = check(text)
    assert [one["ruleIndex"] for one in results] == [2, 0, 2, 1]
    assert not any("relatedLocations" in one for one in results)


def test_fingerprint_outlives_a_moved_line_but_not_another_reason() -> None:
    def print_of(line: int, macro: str) -> object:
        reason = Reason(Why.MACRO_USES, macro)
        (one,) = check(sarif.dumps(run_with(Refusal("a.c", line, "s", Category.MACRO, reason))))
        return one["partialFingerprints"]

    assert print_of(1, "x") == print_of(9, "x") != print_of(1, "y")


def test_origins_that_read_the_same_are_told_once() -> None:
    why = Reason(Why.INDEXED, slot="a")
    origins = (Origin("a:b.c", 3, "x: y:4 z"), Origin("a:b.c", 3, why),
               Origin("a:b.c", 3, Reason(Why.INDEXED, slot="b")), Origin("a:b.c", 4, why))
    (result,) = check(sarif.dumps(run_with(
        Refusal("a.c", 1, "s", Category.MIXED_ORIGIN, why, origins))))
    assert [(one["physicalLocation"]["region"]["startLine"], one["message"]["text"])
            for one in result["relatedLocations"]] == [
                (3, "x: y:4 z"), (3, wording.text(why)), (4, wording.text(why))]


def test_findings_of_others_can_have_columns_and_functions() -> None:
    rule = sarif.Descriptor("own/rule", "Short.", "Full.", "https://docs.kernel.org/")
    found = sarif.Result("own/rule", "error", "what", sarif.Location("a.c", 3, 7, "", "fill"))
    (result,) = check(sarif.text([rule], [found]))
    (place,) = result["locations"]
    assert place["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 7}
    assert place["logicalLocations"] == [{"name": "fill", "kind": "function"}]


@pytest.mark.parametrize(("wrong", "what"), [
    ({"level": "fatal"}, "fatal"), ({"ruleIdx": 0}, "ruleIdx"), ({"message": {}}, "is not valid"),
    ({"locations": [{"physicalLocation": {}}]}, "is not valid"),
    ({"locations": [{"physicalLocation": {"address": {}, "region": {"startLine": 0}}}]}, "minimum"),
])
def test_the_schema_refuses(wrong: dict[str, object], what: str) -> None:
    log = sarif.document([sarif.Descriptor("r", "Short.")],
                         [sarif.Result("r", "error", "what", sarif.Location("a.c", 3))])
    schema().validate(log)
    log["runs"][0]["results"][0] |= wrong
    with pytest.raises(ValidationError, match=what):
        schema().validate(log)
