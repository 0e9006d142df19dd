# SPDX-License-Identifier: GPL-2.0-only
"""Rules of drivers, held against patches: only with all files, and only what a patch brings."""

from __future__ import annotations

import pytest

from netmem_migrate.check.changes import check_changes
from netmem_migrate.check.findings import Unit
from netmem_migrate.check.registry import load
from netmem_migrate.results import FileChange

MAP = b"""\
#include "demo.h"

static void demo_map(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_addr_t addr = skb_frag_dma_map(dev, frag, 0, 64, DMA_TO_DEVICE);

	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma, addr);
}
"""
OLD_MAP = MAP.replace(b"netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx",
                      b"dma_unmap_addr_set(tx")
FREE = b"""\
#include "demo.h"

void demo_free(struct device *dev, struct demo_tx *tx)
{
	dma_unmap_page(dev, dma_unmap_addr(tx, dma), 64, DMA_TO_DEVICE);
}
"""
HEADER = b"struct demo_tx {\n\tdma_addr_t dma;\n};\n"
RECEIVE = b"""\
struct demo_buf {
	struct page *page;
};

struct page_pool *demo_pool(struct device *dev)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.max_len = PAGE_SIZE,
		.dev = dev,
	};

	return page_pool_create(&params);
}

int demo_fill(struct page_pool *pool, struct demo_buf *buf, __le64 *addr)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	if (!buf->page)
		return -ENOMEM;
	*addr = cpu_to_le64(page_pool_get_dma_addr(buf->page));
	return 0;
}

struct sk_buff *demo_receive(struct page_pool *pool, struct demo_buf *buf, u32 len)
{
	page_pool_dma_sync_for_cpu(pool, buf->page, 0, len);
	return napi_build_skb(page_address(buf->page), PAGE_SIZE);
}
"""
UNSYNCED = RECEIVE.replace(b"\tpage_pool_dma_sync_for_cpu(pool, buf->page, 0, len);\n", b"")
RING = b"""\
struct demo_ring {
	struct page_pool *pool;
	struct demo_buf *bufs;
};

void demo_refill(struct demo_ring *ring, int i)
{
	if (!ring->bufs[i].page)
		ring->bufs[i].page = page_pool_dev_alloc_pages(ring->pool);
	dma_wmb();
}

void demo_poll(struct demo_ring *ring, struct sk_buff *skb, int i)
{
	struct demo_buf *buf = &ring->bufs[i];

	if (!skb)
		page_pool_put_full_page(ring->pool, buf->page, true);
	else
		skb_add_rx_frag(skb, 0, buf->page, 0, 64, PAGE_SIZE);
	buf->page = NULL;
}
"""
RULES = {one.declared.id for one in load() if one.declared.unit is Unit.DRIVER}


def found(path: str, before: bytes, after: bytes,
          beside: dict[str, bytes] | None) -> list[tuple[str, str, int]]:
    """What rules of drivers find in a patch of one file."""
    return [(one.id, one.file, one.line)
            for one in check_changes([FileChange(path, before, after)], "7.3", beside)
            if one.id in RULES]


AROUND = {"demo.h": HEADER, "free.c": FREE}


def test_what_a_patch_brings_is_found_where_it_is_not_changed() -> None:
    assert found("map.c", OLD_MAP, MAP, AROUND) == [("raw-unmap", "free.c", 5)]


def test_what_was_there_before_is_not() -> None:
    assert found("map.c", MAP, MAP.replace(b"64", b"32"), AROUND) == []
    assert found("free.c", FREE, FREE.replace(b"64", b"32"), {"demo.h": HEADER, "map.c": MAP}) == []


def test_without_the_other_files_nothing_is_said() -> None:
    """Such as the tool's own check of what it made."""
    both = OLD_MAP + FREE.partition(b"\n")[2], MAP + FREE.partition(b"\n")[2]
    assert found("map.c", *both, {"demo.h": HEADER}) == [("raw-unmap", "map.c", 12)]
    assert found("map.c", *both, None) == []
    assert found("rx.c", RECEIVE, UNSYNCED, None) == []


@pytest.mark.parametrize(("other", "said"), [
    (b"", True),
    (b"void demo_other(struct device *d)\n{\n\tdma_sync_single_for_cpu(d, 0, 0, 0);\n}\n", False),
])
def test_the_last_sync_is_taken_away(other: bytes, said: bool) -> None:
    assert found("rx.c", RECEIVE, UNSYNCED, {"other.c": other}) == [
        ("no-cpu-sync", "rx.c", 27)] * said


def test_a_way_that_leaves_a_member_set() -> None:
    header = {"demo.h": b"struct demo_buf {\n\tstruct page *page;\n};\n"}
    put = b"page_pool_put_full_page(ring->pool, buf->page, true);\n"
    early = RING.replace(b"\tif (!skb)\n\t\t" + put,
                         b"\tif (!skb) {\n\t\t" + put + b"\t\treturn;\n\t}\n")
    assert found("rx.c", RING, early.replace(b"\telse\n\t", b""), header) == [
        ("stale-member", "rx.c", 18)]
    assert found("rx.c", early, early.replace(b"64", b"32"), header) == []


def test_a_conversion_of_what_never_synced_is_let_pass() -> None:
    converted = UNSYNCED.replace(b"struct page *page;", b"netmem_ref netmem;")
    for old, new in ((b"buf->page ", b"buf->netmem "), (b"buf->page)", b"buf->netmem)"),
                     (b"_alloc_pages(", b"_alloc_netmems("), (b"dma_addr(", b"dma_addr_netmem("),
                     (b"page_address(", b"netmem_address(")):
        converted = converted.replace(old, new)
    assert found("rx.c", UNSYNCED, converted, {}) == []
    assert found("rx.c", b"", converted, {}) == [("no-cpu-sync", "rx.c", 27)]
