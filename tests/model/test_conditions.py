# SPDX-License-Identifier: GPL-2.0-only
"""The conditions of the steps: one table, which sentences and documents are held against."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from netmem_migrate.convert import passes
from netmem_migrate.model.conditions import BY_ID, CONDITIONS, OF, STEPS, Condition
from netmem_migrate.reasons import Why
from netmem_migrate.report import steps, wording

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"\(([A-Z]\d)\)")
GUIDE = (ROOT / "docs/preparing.md").read_text(encoding="utf-8")


def test_ids_go_from_one_up() -> None:
    assert [one.id for one in CONDITIONS] == [
        f"{letter}{number}" for letter, last in (("S", 9), ("T", 5), ("P", 7))
        for number in range(1, last + 1)]


@pytest.mark.parametrize("one", CONDITIONS, ids=lambda one: one.id)
def test_a_row_is_in_sentences_and_follows_the_kernel(one: Condition) -> None:
    for text in (one.holds, one.shown, one.not_shown):
        assert re.fullmatch(r"[A-Z].*\.", text, re.DOTALL) and "  " not in text
    assert one.follows.startswith(("include/", "net/", "Documentation/"))
    assert one.id in STEPS[one.step]


def test_each_condition_is_of_a_step_and_each_step_in_order() -> None:
    assert {id for all_ in STEPS.values() for id in all_} == set(BY_ID)
    for all_ in STEPS.values():
        assert list(all_) == [one.id for one in CONDITIONS if one.id in all_]
    behind = {one.declared.id for one in passes.load() if one.declared.behind}
    assert {"sync", "unreadable"} <= set(STEPS) & behind


@pytest.mark.parametrize("why", Why)
def test_a_sentence_names_the_condition_of_its_reason(why: Why) -> None:
    assert NAMED.findall(wording.pattern(why)) == ([OF[why]] if why in OF else [])
    assert NAMED.findall(wording.text(wording.Reason(why, because=wording.Reason(Why.LOST)))) == (
        [OF[why]] if why in OF else [])


def test_no_sentence_spells_an_id() -> None:
    for module in (steps, wording):
        assert not NAMED.findall(inspect.getsource(module))


def test_each_condition_of_a_sync_has_a_sentence() -> None:
    assert {id for id in OF.values() if id in STEPS["sync"]} == set(STEPS["sync"])


@pytest.mark.parametrize("id", STEPS["sync"])
def test_the_guide_has_a_row_of_each_condition_of_a_sync(id: str) -> None:
    assert len(re.findall(rf"^\| {id} \| \S.* \| \S.* \|$", GUIDE, re.MULTILINE)) == 1


@pytest.mark.parametrize("id", STEPS["unreadable"])
def test_the_guide_names_each_condition_of_a_pool(id: str) -> None:
    assert len(re.findall(rf"^\| {id} \| \S.* \| \S.* \|$", GUIDE, re.MULTILINE)) == 1
