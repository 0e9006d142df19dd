# SPDX-License-Identifier: GPL-2.0-only
"""The rules of `check`: each has one module, one test file, one row in the docs and an example."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rule_docs import PAGE, rows, written

from netmem_migrate.api import check_changes
from netmem_migrate.check import registry
from netmem_migrate.check.findings import Unit
from netmem_migrate.check.sources import check_sources
from netmem_migrate.cli import cli
from netmem_migrate.convert.passes import load as passes
from netmem_migrate.errors import InputError
from netmem_migrate.results import FileChange

ROOT = Path(__file__).resolve().parents[2]
RULES = {one.declared.id: one for one in registry.load()}


def test_rule_module_test_and_row_are_one() -> None:
    modules = {path.stem.replace("_", "-")
               for path in (ROOT / "netmem_migrate/check/rules").glob("[!_]*.py")}
    tests = {path.stem.removeprefix("test_").replace("_", "-")
             for path in (ROOT / "tests/check/rules").glob("test_*.py")}
    page = PAGE.read_text()
    assert set(RULES) == modules
    assert set(RULES) == tests
    assert {(one.declared.id, one.declared.severity) for one in RULES.values()} == rows(page)
    assert page == written(page), "python tests/rule_docs.py writes it"


def test_no_rule_is_called_as_a_pass() -> None:
    assert not set(RULES) & {one.declared.id for one in passes()}


@pytest.mark.parametrize("name", RULES)
def test_the_example_says_what_the_rule_finds(name: str) -> None:
    rule = RULES[name].declared

    def found(text: str) -> set[str]:
        if rule.unit is Unit.CHANGE:
            return {one.id for one in check_changes(
                [FileChange("demo.c", rule.before.encode(), text.encode())], "7.3")}
        return {one.id for one in check_sources({"demo.c": text.encode()})}

    # What is wrong in a source is found in what a change leaves as well.
    sources = {one.declared.id for one in RULES.values() if one.declared.unit is not Unit.CHANGE}
    assert found(rule.bad) - (sources - {name}) == {name}
    assert found(rule.good) == set()


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_explained(name: str) -> None:
    one = RULES[name]
    result = CliRunner().invoke(cli, ["explain", name])
    assert result.exit_code == 0
    for text in (one.doc, one.declared.summary, one.declared.why, one.declared.before,
                 one.declared.bad, one.declared.good):
        assert text in result.stdout
    assert f"{name:22} {one.declared.severity.value}" in CliRunner().invoke(
        cli, ["check", "--list-rules"]).stdout


def test_a_rule_that_there_is_not() -> None:
    with pytest.raises(InputError, match="no rule is called nonsense"):
        registry.rule("nonsense")


@pytest.mark.parametrize(("text", "message"), [
    ("", "declares no RULE"),
    ("from netmem_migrate.check.rules.leak import RULE, find", "its id must be its own"),
    ("from dataclasses import replace\nfrom netmem_migrate.check.rules.leak import RULE\n"
     "RULE = replace(RULE, id='wrong-rule')", r"a rule has find\(context\)"),
])
def test_a_module_that_is_no_rule_is_named(text: str, message: str, tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wrong_rule.py").write_text(text)
    name = "netmem_migrate.check.rules"
    monkeypatch.setattr(sys.modules[name], "__path__", [str(tmp_path)])
    with pytest.raises(InputError, match=message):
        registry.load.__wrapped__()
    del sys.modules[f"{name}.wrong_rule"]
