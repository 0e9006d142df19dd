# SPDX-License-Identifier: GPL-2.0-only
"""The proof of an arm for one mode: uses are followed anew, gcc lists them, faults are seeded."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_tools import DRIVER
from tools import CORPUS, plant

from netmem_migrate.api import migrate
from netmem_migrate.results import FileChange, Step
from netmem_migrate.verify import ObjectProof, Status, Way, verify_changes
from netmem_migrate.verify.arms import armed, told

HEADER = """\
#ifndef DEMO_H
#define DEMO_H
struct page_pool;
struct sk_buff;

struct ring {
	struct page_pool *page_pool;
	int len;
};

struct entry {
	struct page *page;
	int len;
};

void entry_drop(struct ring *ring, struct entry *e);
#endif
"""
SOURCE = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>
#include <linux/gfp.h>
#include "demo.h"

void count(struct page *page);
void give(struct sk_buff *skb, void *va, int len);

int rx_fill(struct ring *ring, struct entry *e)
{
	struct page *page;

	if (!ring->page_pool) {
		e->page = alloc_page();
		return 0;
	}
	page = page_pool_dev_alloc_pages(ring->page_pool);
	if (!page)
		return -12;
	e->page = page;
	return 0;
}

void rx_give(struct ring *ring, struct entry *e, struct sk_buff *skb, int len)
{
	if (!ring->page_pool)
		count(e->page);
	give(skb, page_address(e->page), ring->len);
}
"""
OTHER = "drivers/net/demo/more.c"
MORE = """\
#include <net/page_pool/helpers.h>
#include "demo.h"

static void entry_put(struct page_pool *pool, struct entry *e)
{
	page_pool_put_full_page(pool, e->page, 0);
}

void entry_drop(struct ring *ring, struct entry *e)
{
	if (ring->page_pool)
		entry_put(ring->page_pool, e);
	e->page = 0;
}
"""
NAME = "drivers/net/demo/demo.h"


@pytest.fixture
def tree(kernel_tree: Path) -> Path:
    """A driver of two files that share a record."""
    command = (kernel_tree / "drivers/net/demo/.demo.o.cmd").read_text()
    return plant(kernel_tree, {
        DRIVER: SOURCE, NAME: HEADER, OTHER: MORE,
        "include/linux/gfp.h": "struct page *alloc_page(void);\n",
        "drivers/net/demo/Makefile": "obj-y += demo.o more.o\n",
        "drivers/net/demo/.more.o.cmd": command.replace("demo.o", "more.o").replace(
            "demo/demo.c", "demo/more.c")})


def steps(tree: Path) -> tuple[Step, ...]:
    run = migrate([tree / "drivers/net/demo"], prepare=True)
    assert not run.stopped
    return run.drivers[0].steps


def prove(tree: Path, changes: list[FileChange]) -> dict[str, ObjectProof]:
    return {proof.source: proof for proof in verify_changes(tree, changes, jobs=2)}


def test_the_arm_and_the_conversion_are_proven(tree: Path) -> None:
    first, then = steps(tree)
    proofs = prove(tree, list(first.changes))
    assert set(proofs) == {DRIVER, OTHER}
    assert all(one.proven and one.way is Way.ARM for one in proofs.values()), proofs
    assert all(one.proven and one.way is None
               for one in prove(tree, list(then.changes)).values())


FAULTS = {
    "the pool's page is stored in the other arm": (DRIVER, "\te->pp_page = page;",
                                                   "\te->page = page;"),
    "another's page is stored in the pool's arm": (DRIVER, "e->page = alloc_page();",
                                                   "e->pp_page = alloc_page();"),
    "the arms of a test swapped": (DRIVER, "if (ring->page_pool)\n\t\tgive",
                                   "if (!ring->page_pool)\n\t\tgive"),
    "no test": (DRIVER, """\
	if (ring->page_pool)
		give(skb, page_address(e->pp_page), ring->len);
	else
		give(skb, page_address(e->page), ring->len);
""", "\tgive(skb, page_address(e->pp_page), ring->len);\n"),
    "no test, and the other arm": (DRIVER, """\
	if (ring->page_pool)
		give(skb, page_address(e->pp_page), ring->len);
	else
		give(skb, page_address(e->page), ring->len);
""", "\tgive(skb, page_address(e->page), ring->len);\n"),
    "another test": (DRIVER, "if (ring->page_pool)\n\t\tgive", "if (e->len)\n\t\tgive"),
    "a test of something else": (DRIVER, "if (ring->page_pool)\n\t\tgive",
                                 "if (ring)\n\t\tgive"),
    "the wrong arm is counted": (DRIVER, "count(e->page)", "count(e->pp_page)"),
    "the wrong arm is put": (OTHER, "pool, e->pp_page", "pool, e->page"),
    "the wrong arm is cleared": (OTHER, "e->page = 0", "e->pp_page = 0"),
    "something else, too": (DRIVER, "return -12", "return -11"),
    "another entry": (DRIVER, "page_address(e->pp_page)", "page_address(e[1].pp_page)"),
}


@pytest.mark.few(7)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught(name: str, tree: Path) -> None:
    first, _ = steps(tree)
    file, old, new = FAULTS[name]
    changes = [FileChange(one.path, one.before, one.after.replace(
        old.encode(), new.encode()) if one.path == file else one.after) for one in first.changes]
    assert [one.after for one in changes] != [one.after for one in first.changes]
    proof = prove(tree, changes)[file]
    if name == "something else, too" or name == "another entry":
        assert proof.identity.status is Status.FAIL and proof.way is None
    else:
        assert proof.identity.status is Status.FAIL and proof.identity.details


ARMED = sorted(path.parent for path in (CORPUS / "rooms/union-arm").glob("*/after.c"))


@pytest.mark.parametrize("case", ARMED, ids=lambda one: one.name)
def test_what_the_step_makes_is_followed_anew(case: Path, kernel_tree: Path) -> None:
    before, after = ((case / name).read_bytes() for name in ("before.c", "after.c"))
    (kernel_tree / DRIVER).write_bytes(before)
    found = armed({DRIVER: FileChange(DRIVER, before, after)})
    assert found is not None
    then = told(found, kernel_tree, {DRIVER: after}, "drivers/net/demo")
    assert not then.whole and not then.wrong and then.arm and then.member


def test_a_use_that_is_reached_otherwise_in_another_file_is_found(tree: Path) -> None:
    first, _ = steps(tree)
    changes = [FileChange(one.path, one.before, one.after.replace(
        b"\tif (ring->page_pool)\n\t\tentry_put", b"\tentry_put"))
        if one.path == OTHER else one for one in first.changes]
    changes = [FileChange(one.path, one.before.replace(
        b"\tif (ring->page_pool)\n\t\tentry_put", b"\tentry_put"), one.after)
        if one.path == OTHER else one for one in changes]
    proof = prove(tree, changes)[OTHER]
    assert proof.identity.status is Status.FAIL and "no page_pool" in proof.identity.details[0]


def test_a_use_that_only_a_compiler_sees_is_found(tree: Path) -> None:
    first, _ = steps(tree)
    macro = b"#define ANY(e, m) ((e)->m)\n"
    changes = []
    for one in first.changes:
        before, after = one.before, one.after
        if one.path == OTHER:
            before, after = (text.replace(
                b"\nstatic void", b"\n" + macro + b"\nstatic void").replace(
                b"\te->page = 0;", b"\te->len = ANY(e, page) ? 1 : 0;\n\te->page = 0;")
                for text in (before, after))
        changes.append(FileChange(one.path, before, after))
    proof = prove(tree, changes)[OTHER]
    assert proof.identity.status is Status.FAIL
    assert any("compiler only" in one for one in proof.identity.details)
