# SPDX-License-Identifier: GPL-2.0-only
"""corpus/rooms: what each step before or behind a conversion makes, and where it makes nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools import CORPUS, compiles, plant

from netmem_migrate.api import migrate
from netmem_migrate.convert import passes
from netmem_migrate.convert.passes import SCOPE
from netmem_migrate.model.spelled import UNREADABLE
from netmem_migrate.report import wording
from netmem_migrate.results import Migration, Step

BEHIND = {one.declared.id for one in passes.load() if one.declared.behind}
SAY = {one.declared.id for one in passes.load() if one.declared.refuses}
STEPS = {one.declared.id for one in passes.load() if one.declared.prepares} | BEHIND
ROOMS = CORPUS / "rooms"
CASES = sorted(path.parent for path in ROOMS.glob("*/*/before.c"))
MADE = [case for case in CASES if (case / "after.c").is_file()]
REFUSED = [case for case in CASES if case not in MADE]
# Modules that move together: before/ is a part of a tree, after/ what changes of it.
TREES = sorted((ROOMS / SCOPE).iterdir())
TREE = {"Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 1\n", "Kbuild": "", "MAINTAINERS": "",
        "include/linux/kernel.h": "",
        "include/net/netmem.h": "typedef unsigned long __bitwise netmem_ref;\n"}
# Steps whose conditions have numbers, by which refused cases are called; others have none.
CONDITIONS = {"sync", "tx", "netmem-tx"}
# What stands at the place of a reason: a read, a sync, or what has to do with sending.
READ = ("va", "netmem_address", "dma_sync_single")
NAMED = {"netmem-tx": ("skb", "dma", "va", "netdev", "net_device", "SPDX"),
         "flags": ("flags", "page_pool_create"), "tx-fix": ("dma_unmap_",),
         "tx": ("dma", "frag", "count", "last", "else", "skb")}
# Uses that the rule unreadable-address of `check` does not know for such.
UNSEEN = {"a-test-of-something-else", "read-in-a-choice"}


def name_of(case: Path) -> str:
    return f"{case.parent.name}: {case.name}"


def convert(case: Path, folder: Path) -> Migration:
    step = case.parent.name
    folder.mkdir()
    (folder / "d.c").write_bytes((case / "before.c").read_bytes())
    run = migrate([folder / "d.c"], api="7.3", prepare=step not in BEHIND,
                  wanted=(step,) if step in BEHIND else ())
    assert not run.stopped
    return run.drivers[0]


def steps_of(migration: Migration, step: str) -> list[Step]:
    return [one for one in migration.steps if one.room is not None and one.room.step == step]


def test_every_step_has_cases_and_as_many_refused_as_made() -> None:
    assert {case.parent.name for case in CASES} == STEPS
    for step in STEPS:
        refused = sum(case.parent.name == step for case in REFUSED)
        made = sum(case.parent.name == step for case in MADE)
        assert refused >= made and (made > 0) is (step not in SAY)


@pytest.mark.few(20)
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_before_compiles(case: Path, tmp_path: Path) -> None:
    text = (case / "before.c").read_bytes()
    assert text.startswith(b"// SPDX-License-Identifier: GPL-2.0-only\n")
    compiles(tmp_path / "gcc", {"d.c": text})


@pytest.mark.few(60)
@pytest.mark.parametrize("case", MADE, ids=name_of)
def test_the_step_is_made_and_builds_alone(case: Path, tmp_path: Path) -> None:
    migration = convert(case, tmp_path / "d")
    (step,) = steps_of(migration, case.parent.name)
    assert step.room is not None
    assert step.changes[0].after.decode() == (case / "after.c").read_text()
    for number, one in enumerate(migration.steps):
        compiles(tmp_path / str(number), {"d.c": one.changes[0].after})
    first = migration.steps[0]
    assert all(one.changes[0].before == last.changes[0].after for last, one in zip(
        migration.steps, migration.steps[1:], strict=False))
    if case.parent.name in BEHIND:
        assert step is migration.steps[-1] and first.room is None
        assert [one.slot for one in migration.report.behind] == [step.room.slot]
        assert not migration.report.undone
    else:
        assert step is first
        # Of two rooms of which neither does alone, the last says what converts.
        assert 0 < sum(one.calls for one in migration.report.rooms) <= sum(
            one.action == "converted" for one in migration.report.sites)


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_nothing_is_made(case: Path, tmp_path: Path) -> None:
    migration = convert(case, tmp_path / "d")
    assert not steps_of(migration, case.parent.name)
    if case.parent.name in SAY:
        assert migration.report.undone and migration.steps[-1].room is None
    elif case.parent.name in BEHIND:
        assert migration.report.undone or case.name in UNSEEN
        text = migration.changes[0].after if migration.changes else (
            case / "before.c").read_bytes()
        lines = text.decode().splitlines()
        for one in migration.report.undone:
            assert any(word in line for line in lines[max(one.line - 2, 0):one.line + 1]
                       for word in NAMED.get(case.parent.name, READ))


@pytest.mark.parametrize("case", [one for one in REFUSED if one.parent.name in CONDITIONS],
                         ids=name_of)
def test_it_stays_for_the_condition_of_its_case(case: Path, tmp_path: Path) -> None:
    undone = convert(case, tmp_path / "d").report.undone
    number = case.name.partition("-")[0].upper()
    assert undone and (len(undone) == 1 or case.parent.name != "sync")
    told = [f"({number})" in wording.undone(why) for why in undone]
    assert (all(told) if case.parent.name == "sync" else any(told)) is number[1:].isdigit()


@pytest.mark.parametrize("case", [one for one in REFUSED if one.parent.name in SAY],
                         ids=name_of)
def test_what_a_pool_lacks_is_that_of_its_case(case: Path, tmp_path: Path) -> None:
    first, *others = [wording.undone(one) for one in convert(case, tmp_path / "d").report.undone]
    assert UNREADABLE in first and "never written by the tool" in first
    wanted = case.name[:2].upper() if re.match(r"p\d-", case.name) else "P5"
    assert f"({wanted})" in " ".join(others)
    assert {*re.findall(r"\((P\d)\)", " ".join(others))} - {wanted} <= {"P5", "P6"}


def texts_of(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text()
            for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("case", TREES, ids=lambda one: f"{SCOPE}: {one.name}")
def test_modules_move_together_or_not_at_all(case: Path, tmp_path: Path) -> None:
    before, after = texts_of(case / "before"), texts_of(case / "after")
    root = plant(tmp_path / "linux", TREE | before)
    modules = sorted((root / "drivers/net").iterdir())
    for module in modules:
        run = migrate([module], api="7.3", prepare=True)
        assert not run.stopped
        (migration,) = run.drivers
        assert {one.path: one.after.decode() for one in migration.changes} == after
        assert [one.step for one in migration.report.rooms] == [SCOPE] * bool(after)


def test_as_many_trees_stay_as_move() -> None:
    moved = [case for case in TREES if (case / "after").is_dir()]
    assert 0 < len(moved) <= len(TREES) - len(moved)
