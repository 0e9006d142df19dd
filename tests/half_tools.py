# SPDX-License-Identifier: GPL-2.0-only
"""A small driver before and after its conversion, and what is found in halves of that."""

from __future__ import annotations

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

BEFORE = """\
struct demo_buf {
	struct page *page;
	unsigned int offset;
};

struct demo_ring {
	struct page_pool *pool;
	struct page *spare;
	struct page **all;
	struct demo_buf bufs[8];
};

struct demo_set {
	struct demo_buf buf;
};

static void put(struct demo_ring *ring, struct page *page);
static struct page *take(struct demo_ring *ring);

static const struct demo_set none[] = { { .buf = { .page = NULL } } };

static void put(struct demo_ring *ring, struct page *page)
{
	page_pool_put_full_page(ring->pool, page, false);
}

static struct page *take(struct demo_ring *ring)
{
	if (ring->bufs[0].offset)
		return NULL; /* none */
	return ring->bufs[0].page;
}

static void drop(struct demo_ring *ring)
{
	put(ring, take(ring));
}

static int demo(struct demo_ring *ring, struct demo_buf *buf, void *va, int on)
{
	struct demo_buf empty = {
		.page = NULL,
	};
	struct page *old = buf->page;
	struct page *one = on ? buf->page : NULL;
	struct page **all = ring->all;

	buf->page = page_pool_dev_alloc_pages(ring->pool);
	if (!buf->page)
		return -ENOMEM;
	buf->page = NULL;
	ring->spare = NULL;
	put(ring, NULL);
	put(ring, virt_to_page(va));
	drop(ring);
	return buf->page->pp == ring->pool && old == one && all && empty.offset;
}
"""

_WORDS = {
    "	struct page *page;\n	unsigned": "	netmem_ref netmem;\n	unsigned",
    "struct page **all": "netmem_ref *all", "struct page *page)": "netmem_ref netmem)",
    "struct page *take": "netmem_ref take", "struct page *o": "netmem_ref o",
    ".page = NULL": ".netmem = 0", "put_full_page(ring->pool, page": "put_full_netmem(ring->pool, "
    "netmem", "return NULL; /* none */": "return 0; /* none */", "page : NULL": "netmem : 0",
    "alloc_pages": "alloc_netmems", "buf->page = NULL": "buf->netmem = 0",
    "put(ring, NULL)": "put(ring, 0)", "virt_to_page": "virt_to_netmem",
    "buf->page->pp": "netmem_get_pp(buf->netmem)", "buf->page": "buf->netmem",
    "[0].page": "[0].netmem",
}
AFTER = BEFORE
for _old, _new in _WORDS.items():
    assert _old in AFTER, _old
    AFTER = AFTER.replace(_old, _new)


def _found(text: str) -> set[str]:
    return {one.id for one in check_changes(
        [FileChange("demo.c", BEFORE.encode(), text.encode())], "7.3")}


def check_half(rule: str, right: str, half: str) -> None:
    """The conversion with one piece of it left out, or wrong: the rule finds it."""
    assert right in AFTER and rule not in _found(AFTER)
    assert rule in _found(AFTER.replace(right, half))


_RULES = {"half-converted", "member-gone", "undeclared", "prototype-differs"}


def check_whole(right: str, also: str) -> None:
    """The conversion with a piece of it written another way: none of these rules finds anything."""
    assert right in AFTER
    assert not _found(AFTER) and not _found(AFTER.replace(right, also)) & _RULES
