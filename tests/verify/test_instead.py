# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a page that is kept where its address was: gcc lists the uses, faults are seeded."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_tools import DRIVER
from tools import plant

from netmem_migrate.api import migrate
from netmem_migrate.results import FileChange, Step
from netmem_migrate.verify import ObjectProof, Status, Way, verify_changes

HEADER = """\
#ifndef DEMO_H
#define DEMO_H
struct page_pool;
struct sk_buff;

struct ring {
	struct page_pool *pool;
	void *bufs[64];
	void *other[64];
	int len;
};

void ring_more(struct ring *r);
#endif
"""
SOURCE = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>
#include "demo.h"

struct page *virt_to_head_page(const void *va);
struct sk_buff *build_skb(void *data, unsigned int size);

static int rx_get(struct page_pool *pool, void **buf)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return -12;

	*buf = page_address(page);
	return 0;
}

int rx_fill(struct ring *r, int i)
{
	if (r->bufs[i])
		return 0;
	return rx_get(r->pool, &r->bufs[i]);
}

struct sk_buff *rx_head(struct ring *r, int i)
{
	struct sk_buff *skb = build_skb(r->bufs[i], 4096);

	if (skb)
		r->bufs[i] = 0;
	return skb;
}

void rx_give(struct ring *r, int i, struct sk_buff *skb, int len)
{
	struct page *page = virt_to_head_page(r->bufs[i]);

	skb_add_rx_frag(skb, 0, page, 0, len);
	r->bufs[i] = 0;
}
"""
OTHER = "drivers/net/demo/more.c"
MORE = """\
#include "demo.h"

void ring_more(struct ring *r)
{
	r->len++;
}
"""
NAME = "drivers/net/demo/demo.h"


@pytest.fixture
def tree(kernel_tree: Path) -> Path:
    """A driver of two files that share a record."""
    command = (kernel_tree / "drivers/net/demo/.demo.o.cmd").read_text()
    return plant(kernel_tree, {
        DRIVER: SOURCE, NAME: HEADER, OTHER: MORE,
        "drivers/net/demo/Makefile": "obj-y += demo.o more.o\n",
        "drivers/net/demo/.more.o.cmd": command.replace("demo.o", "more.o").replace(
            "demo/demo.c", "demo/more.c")})


def steps(tree: Path) -> tuple[Step, ...]:
    run = migrate([tree / "drivers/net/demo"], prepare=True)
    assert not run.stopped
    return run.drivers[0].steps


def prove(tree: Path, changes: list[FileChange]) -> dict[str, ObjectProof]:
    return {proof.source: proof for proof in verify_changes(tree, changes, jobs=2)}


def test_the_step_and_the_conversion_are_proven(tree: Path) -> None:
    first, then = steps(tree)
    assert first.room is not None and first.room.kind == "instead"
    proofs = prove(tree, list(first.changes))
    assert set(proofs) == {DRIVER, OTHER}
    assert all(one.proven and one.way is Way.INSTEAD for one in proofs.values()), proofs
    assert all(one.assumes == "no address of a page that ring.bufs was set to is NULL"
               and one.layout is None for one in proofs.values())
    assert all(one.proven and one.way is None
               for one in prove(tree, list(then.changes)).values())


FAULTS = {
    "a store left out": ("\t*rx_page = page;\n", ""),
    "another page": ("*rx_page = page;", "*rx_page = page + 1;"),
    "the address as before": ("*rx_page = page;", "*rx_page = page_address(page);"),
    "another slot": ("&r->page[i]", "&r->page[i + 1]"),
    "another array": ("build_skb(page_address(r->page[i])", "build_skb(r->other[i]"),
    "the page where the address is read": ("page_address(r->page[i])", "r->page[i]"),
    "the address of another": ("page_address(r->page[i])", "page_address(r->page[i + 1])"),
    "the address where the page is": ("page = r->page[i];",
                                      "page = page_address(r->page[i]);"),
    "an address inside": ("page_address(r->page[i])", "page_address(r->page[i]) + 64"),
    "a test less": ("\tif (r->page[i])\n\t\treturn 0;\n", ""),
    "a test the other way": ("if (r->page[i])", "if (!r->page[i])"),
    "not cleared": ("\tif (skb)\n\t\tr->page[i] = 0;\n", ""),
    "something else, too": ("4096", "2048"),
}


@pytest.mark.few(4)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught(name: str, tree: Path) -> None:
    first, _ = steps(tree)
    old, new = FAULTS[name]
    changes = [FileChange(one.path, one.before, one.after.replace(old.encode(), new.encode(), 1))
               for one in first.changes]
    assert [one.after for one in changes] != [one.after for one in first.changes]
    proof = prove(tree, changes)[DRIVER]
    assert proof.failed and not proof.proven


ELSEWHERE = {
    "read in another file": "r->len = r->bufs[0] ? 1 : 0;",
    "set in another file": "r->bufs[0] = &r->len;",
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_still_names_the_address_elsewhere_does_not_compile(name: str, tree: Path) -> None:
    first, _ = steps(tree)
    (tree / OTHER).write_text(MORE.replace("r->len++;", ELSEWHERE[name]))
    proof = prove(tree, list(first.changes))[OTHER]
    assert proof.plain.status is Status.FAIL


def test_what_names_the_page_unseen_is_found_by_the_compiler(tree: Path) -> None:
    first, _ = steps(tree)
    # Such a name was none before the patch, so that the file did not compile; it is listed still.
    (tree / OTHER).write_text(MORE.replace("r->len++;", "r->len = r->page[0] ? 1 : 0;"))
    proof = prove(tree, list(first.changes))[OTHER]
    assert not proof.proven
    assert not proof.failed or any("page" in one for one in proof.identity.details)


OF_ANOTHER = """\
#include "other.h"

int rx_either(struct ring *r, struct other *o, int i)
{
	return r->bufs[i] || o->bufs;
}
"""


def test_another_record_on_the_line_of_a_use_is_found_by_the_compiler(tree: Path) -> None:
    other = tree / "drivers/net/demo/other.h"
    other.write_text("struct other {\n\tvoid *bufs;\n};\n")
    (tree / DRIVER).write_text(SOURCE + OF_ANOTHER)
    first, _ = steps(tree)
    assert all(one.proven for one in prove(tree, list(first.changes)).values())
    changes = [FileChange(one.path, one.before, one.after.replace(b"|| o->bufs", b"|| o->page"))
               for one in first.changes]
    assert [one.after for one in changes] != [one.after for one in first.changes]
    other.write_text("struct other {\n\tvoid *bufs;\n\tvoid *page;\n};\n")
    proof = prove(tree, changes)[DRIVER]
    assert proof.failed and not proof.proven
