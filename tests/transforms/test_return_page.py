# SPDX-License-Identifier: GPL-2.0-only
"""A function that gave the address of a new page returns the page, in a patch before."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import compiles, prepare, room_case

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

PLAIN, RETURNED = room_case("return-page", "plain")
NULL, CLEARED = room_case("return-page", "read-where-it-is-null")
TAKE = "\tbuf = page_address(rx_page) + NET_SKB_PAD;\n"
FAULTS = {
    "another offset": (TAKE, TAKE.replace("NET_SKB_PAD", "64")),
    "no offset": (TAKE, TAKE.replace(" + NET_SKB_PAD", "")),
    "the address before the test": ("\tif (!rx_page)\n\t\treturn -ENOMEM;\n\n" + TAKE,
                                    TAKE + "\tif (!rx_page)\n\t\treturn -ENOMEM;\n\n"),
    "no test": ("\tif (!rx_page)\n\t\treturn -ENOMEM;\n", ""),
    "a test of the address": ("if (!rx_page)", "if (!buf)"),
    "the way out is another": ("-ENOMEM", "-EINVAL"),
    "the way out does more": ("\t\treturn -ENOMEM;", "\t\treturn page_count(rx_page);"),
    "no address": (TAKE, ""),
    "another function": ("rx_page = demo_get(pool, &e->dma)",
                         "rx_page = page_pool_dev_alloc_pages(pool)"),
    "found before the address": ("\tprefetch(buf);\n\te->page = rx_page;\n",
                                 "\te->page = rx_page;\n\tprefetch(buf);\n"),
    "another page is kept": ("e->page = rx_page;", "e->page = rx_page + 1;"),
    "another page is returned": ("return page;", "return page + 1;"),
    "another offset for the device": ("(page) + NET_SKB_PAD;\n\treturn", "(page);\n\treturn"),
    "something else, too": ("NET_SKB_PAD, len", "NET_SKB_PAD, len + 1"),
    "the page is given away": ("\tprefetch(buf);\n", "\tprefetch(buf);\n\tput_page(rx_page);\n"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_check_takes_no_fault_for_it(name: str) -> None:
    right = FileChange("d.c", PLAIN.encode(), RETURNED.encode())
    assert [one.severity for one in check_changes([right], "7.3")] == ["note"]
    old, new = FAULTS[name]
    assert old in RETURNED
    wrong = FileChange("d.c", right.before, RETURNED.replace(old, new).encode())
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}


@pytest.mark.parametrize("text", [
    CLEARED.replace("\t\t\tbuf = NULL;\n", ""),
    CLEARED.replace("buf = NULL;\n\t\t\tbreak", "break"),
    CLEARED.replace("\t\t\tbuf = NULL;\n", "\t\t\te->page = NULL;\n"),
])
def test_what_is_read_on_the_way_out_is_null_there(text: str) -> None:
    assert text != CLEARED
    wrong = FileChange("d.c", NULL.encode(), text.encode())
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}


@pytest.mark.parametrize(("parameter", "local"), [("u8", "u32"), ("u32", "int"), ("int", "long")])
def test_what_is_passed_is_of_the_type_that_is_added(parameter: str, local: str) -> None:
    sides = [text.replace("dma_addr_t *dma)", f"dma_addr_t *dma, {parameter} room)").replace(
        "page_address(page) + NET_SKB_PAD", "page_address(page) + room").replace(
        "page_address(rx_page) + NET_SKB_PAD", "page_address(rx_page) + room").replace(
        "&e->dma)", "&e->dma, room)").replace("*e)\n{\n\tvoid", f"*e, {local} room)\n{{\n\tvoid")
        .replace("*e)\n{\n\tstruct", f"*e, {local} room)\n{{\n\tstruct")
        for text in (PLAIN, RETURNED)]
    said = check_changes([FileChange("d.c", *(one.encode() for one in sides))], "7.3")
    assert {"error", "warning"} & {one.severity for one in said}
    same = [one.replace(f"{local} room", f"{parameter} room").encode() for one in sides]
    assert [one.severity for one in check_changes([FileChange("d.c", *same)], "7.3")] == ["note"]


TWO_STEPS = """\
#include "netmem_stub.h"

struct demo_entry {
	void *buf;
	dma_addr_t dma;
};

struct demo_ring {
	struct page_pool *pool;
	struct demo_entry entry[64];
	u32 size;
	u16 head;
};

static void *demo_get(struct demo_ring *ring, unsigned int *offset)
{
	struct page *page;

	page = page_pool_dev_alloc_frag(ring->pool, offset, ring->size);
	if (unlikely(!page))
		return NULL;

	return page_address(page) + *offset;
}

int demo_fill(struct demo_ring *ring)
{
	while (ring->head < ARRAY_SIZE(ring->entry)) {
		struct demo_entry *e = &ring->entry[ring->head];
		unsigned int offset;

		e->buf = demo_get(ring, &offset);
		if (!e->buf)
			break;

		e->dma = page_pool_get_dma_addr(virt_to_head_page(e->buf));
		ring->head++;
	}
	return ring->head;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	struct page *page = virt_to_head_page(e->buf);

	skb_add_rx_frag(skb, 0, page, e->buf - page_address(page), len,
			PAGE_SIZE);
	e->buf = NULL;
}
"""


def test_a_record_that_keeps_the_address_keeps_the_page_then(tmp_path: Path) -> None:
    migration = prepare(tmp_path, TWO_STEPS)
    assert [one.step for one in migration.report.rooms] == ["return-page", "own-member"]
    assert [one.calls for one in migration.report.rooms] == [0, 2]
    first = migration.steps[0].changes[0].after.decode()
    assert "\t\tif (!rx_page) {\n\t\t\te->buf = NULL;\n\t\t\tbreak;\n\t\t}\n" in first
    assert "\n\t\te->buf = page_address(rx_page) + offset;\n" in first
    for number, step in enumerate(migration.steps):
        compiles(tmp_path / str(number), {"d.c": step.changes[0].after})
