# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a guard: for pages the code stays, and a guard that changes it is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_tools import DRIVER, SKBUFF_H
from tools import plant

from netmem_migrate.api import migrate
from netmem_migrate.results import FileChange, Step
from netmem_migrate.verify import ObjectProof, Status, verify_changes

SOURCE = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>

struct entry {
	struct page *page;
	int uses;
};

int rx_fill(struct page_pool *pool, struct entry *e)
{
	e->page = page_pool_dev_alloc_pages(pool);
	return e->page ? 0 : -12;
}

struct sk_buff *rx_build(struct page_pool *pool, struct entry *e)
{
	struct sk_buff *skb;

	skb = build_skb(page_address(e->page), 4096);
	if (!skb)
		goto drop;

	skb_add_rx_frag(skb, 0, e->page, 64, e->uses);
	return skb;

drop:
	page_pool_put_full_page(pool, e->page, 1);
	return NULL;
}
"""


@pytest.fixture
def tree(kernel_tree: Path) -> Path:
    return plant(kernel_tree, {
        DRIVER: SOURCE,
        "include/linux/skbuff.h": SKBUFF_H.replace(
            "struct sk_buff;\n",
            "struct sk_buff;\nstruct sk_buff *build_skb(void *data, unsigned int size);\n")})


def guard(tree: Path) -> Step:
    run = migrate([tree / "drivers/net/demo"], wanted=("guard",))
    assert not run.stopped
    conversion, last = run.drivers[0].steps
    assert all(one.proven for one in prove(tree, list(conversion.changes)))
    return last


def prove(tree: Path, changes: list[FileChange]) -> tuple[ObjectProof, ...]:
    proofs = tuple(verify_changes(tree, changes, jobs=2))
    assert [one.source for one in proofs] == [DRIVER]
    return proofs


def test_it_is_proven(tree: Path) -> None:
    step = guard(tree)
    assert b"\tif (netmem_is_net_iov(e->netmem))\n\t\tgoto drop;\n" in step.changes[0].after
    (proof,) = prove(tree, list(step.changes))
    assert proof.proven and proof.way is None


FAULTS = {
    "the other way round": ("if (netmem_is", "if (!netmem_is"),
    "a test of something else": ("if (netmem_is_net_iov(e->netmem))", "if (e->uses)"),
    "no test": ("if (netmem_is_net_iov(e->netmem))\n\t\tgoto", "goto"),
    "something behind the jump": ("\t\tgoto drop;\n\n\tskb = build",
                                  "\t\tgoto drop;\n\te->uses++;\n\n\tskb = build"),
    "a test with something else": ("netmem_is_net_iov(e->netmem)",
                                   "e->uses-- < 0 || netmem_is_net_iov(e->netmem)"),
    "a name that is not there": ("\t\tgoto drop;\n\n\tskb = build",
                                 "\t\tgoto out;\n\n\tskb = build"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught(name: str, tree: Path) -> None:
    (right,) = guard(tree).changes
    old, new = FAULTS[name]
    assert right.after.count(old.encode()) == 1
    (proof,) = prove(tree, [FileChange(right.path, right.before, right.after.replace(
        old.encode(), new.encode()))])
    assert not proof.proven
    if name != "a name that is not there":
        assert proof.identity.status is Status.FAIL
