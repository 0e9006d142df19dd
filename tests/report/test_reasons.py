# SPDX-License-Identifier: GPL-2.0-only
"""Reasons are values that are worded in report/, and nowhere read as sentences."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import netmem_migrate
from netmem_migrate import pipeline
from netmem_migrate.options import Conversion
from netmem_migrate.reasons import CATEGORY, Category, Reason, Why
from netmem_migrate.report import sarif, wording
from netmem_migrate.report.json import dumps
from netmem_migrate.results import (
    Action,
    Basis,
    DriverReport,
    Migration,
    Origin,
    Refusal,
    Run,
    Site,
    Verdict,
)

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(netmem_migrate.__file__).parent
CORPUS = sorted(path.parent for path in (ROOT / "corpus").glob("[0-9]*/before.c"))
BELOW = ("c", "model", "kernel", "git", "flow", "convert", "transforms")
NAMES = {"by": "the_function", "other": "the_other", "slot": "the_slot", "file": "d.c"}


def modules() -> Iterator[tuple[str, str]]:
    """Everything of the package that holds text, by place: its modules and templates."""
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".j2"):
            yield path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_words(why: Why) -> None:
    reason = Reason(why, **NAMES, line=7, because=Reason(Why.PASSED, "behind"))
    for brief in (False, True):
        told = wording.text(reason, brief=brief)
        assert told and told == told.strip() and not told.endswith(".")
        assert not set("{}") & set(told)
    assert told in wording.text(reason)
    # What the sentence has a word for, the reason gives.
    shown = wording.pattern(why)
    for word, given in (("X", "the_function"), ("SLOT", "the_slot"), ("FILE:LINE", "d.c:7"),
                        ("...", wording.text(Reason(Why.PASSED, "behind")))):
        assert (word in shown) is (given in wording.text(reason)), (word, shown)


def test_every_category_has_reasons_and_one_advice() -> None:
    assert set(wording.ADVICE) == set(Category) == set(CATEGORY.values())
    for advice in wording.ADVICE.values():
        assert re.fullmatch(r"[A-Z].*\.", advice.means)
        assert advice.first and not advice.first.endswith(".")
        assert re.fullmatch(r"[A-Z].*\.", advice.todo)
        assert advice.todo[1:].startswith(advice.first[1:])
    assert len({one.first for one in wording.ADVICE.values()}) == len(Category)


def test_what_a_requirement_rests_on_has_words() -> None:
    assert set(wording.BASIS) == set(Basis) and all(wording.BASIS.values())


def test_docs_tell_of_each_category_what_the_tool_says() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \| (.*) \| (.*) \|$",
                      (ROOT / "docs/design.md").read_text(), re.MULTILINE)
    assert [row for row in told if row[0] in set(Category)] == [
        (category.value, wording.ADVICE[category].means, wording.ADVICE[category].first)
        for category in Category]


def test_a_log_tells_what_the_advice_says() -> None:
    refusals = tuple(Refusal("d.c", 1, "s", one, Reason(Why.LOST)) for one in Category)
    report = DriverReport("d", (), Verdict.REFUSED, refusals=refusals)
    described, results = sarif.refusals(Run(Path(), "", "7.3", (Migration(report),)))
    assert {one.id: one.full for one in described} == {
        f"refused/{category}": f"{advice.means} {advice.todo}"
        for category, advice in wording.ADVICE.items()}
    for category, result in zip(Category, results, strict=True):
        assert result.message.endswith("; " + wording.ADVICE[category].first)


@pytest.mark.parametrize("folder", CORPUS, ids=[one.name for one in CORPUS])
def test_reasons_of_the_corpus_come_through(folder: Path) -> None:
    """From a value to its words to the report: none is lost, and none is made on the way."""
    run = pipeline.run([folder], Conversion(api="7.3"))
    for migration, told in zip(run.drivers, json.loads(dumps(run))["drivers"], strict=True):
        for site, entry in zip(migration.report.sites, told["sites"], strict=True):
            assert (site.reason is None) is (site.action is Action.CONVERTED)
            assert ("reason" in entry) is ("class" in entry) is (site.reason is not None)
            if site.reason is not None and site.detail is not None:
                assert entry["reason"]["text"] == wording.text(site.reason)
                assert entry["reason"]["kind"] == site.detail.value
                assert entry["class"] == site.detail.class_.value
        for item, entry in zip(migration.report.refusals, told["refusals"], strict=True):
            assert entry["category"] == item.category.value
            assert entry["reason"] == (f"{item.slot} {wording.text(item.reason)}; "
                                       f"{wording.first(item)}")
            told_by = [re.fullmatch(r"([^:]+):(\d+) (.+)", one) for one in entry["origins"]]
            values = {(one.file, str(one.line), wording.what(one)) for one in item.origins}
            assert {one.groups() for one in told_by if one is not None} == values
            assert len(told_by) == len(values)
            for one in item.reason.chain:
                assert one.by in entry["reason"] or one.by == ""


def test_the_corpus_has_most_of_the_categories() -> None:
    """The test above would say little if nothing were refused."""
    found = {item.category for folder in CORPUS
             for one in pipeline.run([folder], Conversion(api="7.3")).drivers
             for item in one.report.refusals}
    assert len(found) > len(Category) // 2


def pieces() -> list[str]:
    """What is so long in the sentences that nobody writes it twice by chance."""
    told = [wording.pattern(why) for why in Why]
    told += [text for one in wording.ADVICE.values() for text in (one.means, one.first, one.then)]
    told += wording.BASIS.values()
    found = {piece.strip(" ,;:()") for text in told
             for piece in re.split(r"\b(?:X\.Y|X|Y|SLOT|FILE|LINE)\b(?:\(\))?|\.\.\.", text)}
    return sorted(one for one in found if len(one.split()) >= 5)


def literals(source: str) -> Iterator[str]:
    """The strings of a module, but for its documentation."""
    tree = ast.parse(source)
    told = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for one in ast.walk(tree):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in told:
            yield one.value


def test_sentences_are_held_in_one_room() -> None:
    assert len(pieces()) > 50
    for where, source in modules():
        if where in ("report/wording.py", "report/steps.py"):
            continue
        texts = list(literals(source)) if where.endswith(".py") else [source]
        assert not [one for one in pieces() if any(one in text for text in texts)], where


def test_what_finds_reasons_does_not_word_them() -> None:
    for where, source in modules():
        if where.startswith(tuple(f"{one}/" for one in BELOW)) and where.endswith(".py"):
            assert "netmem_migrate.report" not in source, where


READS = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition",
         "split", "find", "index", "count"}
MATCHES = {"match", "search", "fullmatch", "findall", "finditer", "sub"}


def worded(node: ast.AST) -> bool:
    """Whether an expression is a sentence of report/wording.py, or has one in it."""
    return any(isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)
               and one.value.id == "wording" and one.attr not in ("ADVICE", "BASIS")
               for one in ast.walk(node))


def decisions(source: str) -> Iterator[int]:
    """Lines on which a sentence is compared, searched or taken apart."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(map(worded, (node.left, *node.comparators))):
            yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            read = node.func.attr in READS and worded(node.func.value)
            if read or (node.func.attr in MATCHES and any(map(worded, node.args))):
                yield node.lineno


@pytest.mark.parametrize("source", [
    'x = "by design" not in wording.site(one)', 'wording.text(one).startswith("is ")',
    'if wording.refusal(one) == "": pass', "_PLACE.sub('', wording.text(one.reason))",
])
def test_a_decision_that_reads_a_sentence_is_seen(source: str) -> None:
    assert list(decisions(source)) == [1]


def test_no_decision_reads_a_sentence() -> None:
    found = {where: lines for where, source in modules() if where.endswith(".py")
             and (lines := list(decisions(source)))}
    assert not found


def test_results_hold_no_sentence() -> None:
    """Whoever makes a result by hand has to give values."""
    site = Site("d.c", 3, "f", "call", Action.KEPT, "", Reason(Why.NOT_CALLED))
    item = Refusal("d.c", 3, "s", Category.MACRO, Reason(Why.MACRO_GIVEN, "M"),
                   (Origin("d.c", 4, "alloc()"), Origin("d.c", 5, Reason(Why.INDEXED))))
    assert wording.site(site) == wording.text(Reason(Why.NOT_CALLED))
    assert [wording.origin(one) for one in wording.origins(item)] == [
        "d.c:4 alloc()", f"d.c:5 {wording.text(Reason(Why.INDEXED))}"]
