# SPDX-License-Identifier: GPL-2.0-only
"""A function that takes a page or something else as void * becomes two, in a patch before."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import compiles, prepare, room_case

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

PLAIN, SPLIT = room_case("split-parameter", "plain")
FAULTS = {
    "the mark of the other": ("redirected = true", "redirected = false"),
    "the mark of the page": ("redirected = false", "redirected = true"),
    "no test": ("\tif (!frame->len)\n\t\treturn -EINVAL;\n\n", ""),
    "no test of both": ("\tif (tx->dma)\n\t\treturn -EINVAL;\n\n\t/* Which of both? */\n\ttx->page",
                        "\t/* Which of both? */\n\ttx->page"),
    "less is added": ("page_pool_get_dma_addr(page) +\n\t\t  len", "page_pool_get_dma_addr(page)"),
    "another length": ("demo_xmit_netmem(tx, page, len);", "demo_xmit_netmem(tx, page, 64);"),
    "the other's constant": ("demo_xmit_netmem(tx, page, len);", "demo_xmit_netmem(tx, page, 0);"),
    "another entry": ("demo_xmit(tx, frame);", "demo_xmit(tx + 1, frame);"),
    "the frame goes to the page's": ("return demo_xmit(tx, frame);",
                                     "return demo_xmit_netmem(tx, (void *)frame, 0);"),
    "the page goes to the frame's": ("return demo_xmit_netmem(tx, page, len);",
                                     "return demo_xmit(tx, (void *)page);"),
    "something else, too": ("NET_SKB_PAD, len", "NET_SKB_PAD, len + 1"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_check_takes_no_fault_for_it(name: str) -> None:
    right = FileChange("d.c", PLAIN.encode(), SPLIT.encode())
    assert [one.severity for one in check_changes([right], "7.3")] == ["note"]
    old, new = FAULTS[name]
    assert old in SPLIT
    wrong = FileChange("d.c", right.before, SPLIT.replace(old, new).encode())
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}


def test_what_is_taken_for_granted_is_said(tmp_path: Path) -> None:
    (room,) = prepare(tmp_path, PLAIN).report.rooms
    assert (room.kind, room.slot) == ("assumed", "ptr of demo_xmit()")
    assert room.made == "demo_xmit_netmem(), for len that is not 0"


@pytest.mark.parametrize("case", ["told-by-a-bool", "told-by-a-kind"])
def test_what_is_told_is_not_taken_for_granted(case: str, tmp_path: Path) -> None:
    before, _ = room_case("split-parameter", case)
    (room,) = prepare(tmp_path, before.replace("tx, 2, page", "tx, DEMO_PAGE, page")).report.rooms
    assert room.kind == ("told" if case == "told-by-a-bool" else "assumed")


POINTED = """\
#include "netmem_stub.h"

struct demo_ring {
	struct page_pool *pool;
	struct page *page[8][2];
};

void *kmemdup_demo(const void *from, size_t size);

int demo_fill(struct demo_ring *ring)
{
	ring->page[0][0] = page_pool_dev_alloc_pages(ring->pool);
	return ring->page[0][0] ? 0 : -ENOMEM;
}

void demo_frag(struct demo_ring *ring, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, ring->page[0][0], 0, len, PAGE_SIZE);
}

void demo_drop(struct demo_ring *ring)
{
	struct page *(*old_pages)[2];

	old_pages = ring->page;
	page_pool_put_full_page(ring->pool, old_pages[0][1], false);
}
"""


def test_a_pointer_to_an_array_of_pages_is_read_as_one_of_netmem(tmp_path: Path) -> None:
    migration = prepare(tmp_path, POINTED)
    after = migration.steps[-1].changes[0].after
    assert b"\tnetmem_ref (*old_netmems)[2];\n" in after
    compiles(tmp_path / "gcc", {"d.c": after})
