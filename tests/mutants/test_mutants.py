# SPDX-License-Identifier: GPL-2.0-only
"""The mutants that `make mutants` counts: they find a fault that is put into the tool."""

from __future__ import annotations

from pathlib import Path

import pytest
from mutants.operators import OPERATORS, Mutant
from mutants.places import File
from mutants.run import Tally, Trial, judge
from mutants.subjects import Own, own

from netmem_migrate import answers
from netmem_migrate.convert import naming

SOURCE = b"""\
#include "netmem_stub.h"

struct slot {
	struct page *page;
};

int fill(struct page_pool *pool, struct slot *s)
{
	s->page = page_pool_dev_alloc_pages(pool);
	if (!s->page)
		return -ENOMEM;
	return 0;
}

void drop(struct page_pool *pool, struct slot *s)
{
	page_pool_put_full_page(pool, s->page, false);
	s->page = NULL;
}
"""


@pytest.fixture
def subject(tmp_path: Path) -> Own:
    one = Own("own", {"demo.c": SOURCE}, tmp_path)
    one.write(one.files)
    return one


def mutants(operator: str) -> list[Mutant]:
    return list(OPERATORS[operator](File(SOURCE, frozenset({b"page"}))))


def judged(subject: Own, operator: str) -> Tally:
    tally = Tally()
    for mutant in mutants(operator):
        judge(subject, Trial((operator,), "demo.c", mutant), tally, None)
    return tally


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_makes_another_text(operator: str) -> None:
    known = {"head: implicit int", "function: by pointer", "type: typedef of the pointer",
             "type: macro of the pointer", "type: macro of the struct", "type: typeof",
             "type: const pointer", "function: in an arm of #if 1"}
    found = mutants(operator)
    assert found or operator in known
    assert all(one.text != SOURCE for one in found)


def test_what_compiles_and_changes_is_counted(subject: Own) -> None:
    tally = judged(subject, "taken: member")
    assert not tally.faults
    assert tally.counts["taken: member", "changed"] == 1


def test_what_does_not_compile_before_is_not(subject: Own) -> None:
    broken = Mutant(SOURCE.replace(b"NULL", b"nothing"))
    tally = Tally()
    assert not judge(subject, Trial(("none",), "demo.c", broken), tally, None)
    assert tally.counts == {("none", "made"): 1}


def test_a_name_that_is_taken_is_found(subject: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "_member_taken", lambda *_: False)
    monkeypatch.setattr(answers, "judged_one", lambda one, api: (one, ()))  # which would stop it
    tally = judged(subject, "taken: member")
    assert len(tally.faults) == 1
    assert "demo.c" in tally.faults[0]


def test_an_error_that_nobody_foresaw_is_found(subject: Own,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyError("page")

    monkeypatch.setattr(naming, "new_name", fails)
    tally = judged(subject, "text: line ends")
    assert tally.faults
    assert all("KeyError at test_mutants.py" in fault for fault in tally.faults)


def test_a_link_is_never_written_through(tmp_path: Path) -> None:
    one = own("02-union-member", tmp_path / "scratch")
    behind = tmp_path / "behind.c"
    behind.write_bytes(one.files["demo.c"])
    (one.folder / "demo.c").unlink()
    (one.folder / "demo.c").symlink_to(behind)
    with pytest.raises(ValueError, match="is a link"):
        one.write({"demo.c": b"other"})
    assert behind.read_bytes() == one.files["demo.c"]
