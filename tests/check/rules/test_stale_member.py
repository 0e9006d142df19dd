# SPDX-License-Identifier: GPL-2.0-only
"""Members that stay set, or do not, where their memory is given back."""

from __future__ import annotations

import pytest
from rule_tools import check_found, check_left_alone

from netmem_migrate.check.sources import check_sources

HEAD = """
struct demo_slot {
	struct page *page;
	struct page *spare;
};

struct demo_ring {
	struct page_pool *pool;
	struct demo_slot *slots;
	int count;
};
"""
ALLOC = """
static int demo_alloc(struct demo_ring *ring, int i)
{
	struct demo_slot *slot = &ring->slots[i];

	slot->page = page_pool_dev_alloc_pages(ring->pool);
	return slot->page ? 0 : -ENOMEM;
}
"""
FILL = ALLOC + """
static void demo_fill(struct demo_ring *ring)
{
	int i;

	for (i = 0; i < ring->count; i++) {
		if (!ring->slots[i].page) {
			if (demo_alloc(ring, i))
				break;
		}
		demo_post(i);
	}
}
"""
PUT = "page_pool_put_full_page(ring->pool, slot->page, true);"
EMPTY = "slot->page = NULL;"


def receive(drop: str, behind: str = "", taken: str = EMPTY, head: str = "") -> str:
    """A function that receives: what it does where there is no packet, and at its end."""
    return head + ("static void demo_receive(struct demo_ring *ring)\n{\n"
                   "\tint i;\n\n\tfor (i = 0; i < ring->count; i++) {\n"
                   "\t\tstruct demo_slot *slot;\n\t\tstruct sk_buff *skb;\n\n"
                   "\t\tslot = &ring->slots[i];\n"
                   "\t\tskb = napi_build_skb(page_address(slot->page), PAGE_SIZE);\n"
                   f"\t\tif (!skb) {{\n\t\t\t{drop}\n\t\t}}\n"
                   f"\t\tdemo_give(skb);\n\t\t{taken}\n\t}}\n{behind}}}\n")


FOUND = {
    "the next one is looked at": FILL + receive(PUT + " continue;"),
    "the function ends": FILL + receive(PUT + " return;"),
    "the ring is filled": FILL + receive(PUT + " break;", "\tdemo_fill(ring);\n"),
    "netmem": (HEAD + FILL + receive(PUT + " break;")).replace(
        "struct page *", "netmem_ref ").replace("_pages(", "_netmems(").replace(
        "full_page(", "full_netmem(").replace("NULL", "0").replace(
        "page_address(", "netmem_address("),
    "emptied on one way only": FILL + receive(PUT + " if (i) slot->page = NULL; continue;"),
    "another member is emptied": FILL + receive(PUT + " slot->spare = NULL; continue;"),
}
LEFT_ALONE = {
    "it is emptied": FILL + receive(PUT + " slot->page = NULL; continue;"),
    "emptied at the end of both": FILL + receive(PUT + " goto out;", taken="out:\n\t\t" + EMPTY),
    "filled at once": FILL + receive(PUT + " demo_alloc(ring, i); continue;"),
    "filled whatever is there": ALLOC + receive(PUT + " break;", "\tdemo_alloc(ring, 0);\n"),
    "never emptied here": FILL + receive(PUT + " continue;", taken=""),
    "given to what may empty it": FILL + receive(PUT + " demo_drop(slot); continue;"),
    "the caller empties it": FILL + receive(PUT + " continue;") + (
        "static void demo_poll(struct demo_ring *ring)\n{\n\tdemo_receive(ring);\n"
        "\tring->slots[0].page = NULL;\n}\n"),
    "another member is given back": FILL + receive(PUT.replace("slot->page", "slot->spare")
                                                   + " continue;"),
    "references of its own": FILL + receive(
        "page_pool_ref_page(slot->page); " + PUT + " continue;"),
    "a macro empties it": FILL + receive(
        PUT + " continue;", head="#define DEMO_CLEAR(s) ((s)->page = NULL)\n"),
    "its address is given away": FILL + receive(PUT + " demo_clear(&slot->page); continue;"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("stale-member", FOUND[name] if name == "netmem" else HEAD + FOUND[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(HEAD + LEFT_ALONE[name])


def test_it_says_where_it_is_emptied_and_where_it_is_filled() -> None:
    files = {"demo.h": HEAD.encode(), "fill.c": FILL.encode(),
             "receive.c": receive(PUT + " continue;").encode()}
    (one,) = check_sources(files)
    assert one.message == (
        "page_pool_put_full_page() gives back `page` of struct demo_slot, which stays set, unlike "
        "at receive.c:15: memory that has gone back to its pool may be used again here, or where "
        "only what is empty is filled (fill.c:15); ask the owner what is to become of the entry")
    assert [(at.file, at.line) for at in one.path] == [("receive.c", 12), ("fill.c", 15)]
