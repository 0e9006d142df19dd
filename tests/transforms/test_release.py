# SPDX-License-Identifier: GPL-2.0-only
"""Giving pages back to the pool."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

TRANSFORMED = {
    "every-way": (
"""\
void t(struct ring *ring)
{
	page_pool_put_full_page(ring->pool, ring->spare, false);
	page_pool_put_page(ring->pool, ring->buf[0].page, -1, true);
	page_pool_put_unrefed_page(ring->pool, ring->buf[1].page, 64, false);
	page_pool_recycle_direct(ring->pool, ring->buf[2].page);
}
""",
"""\
void t(struct ring *ring)
{
	page_pool_put_full_netmem(ring->pool, ring->spare, false);
	page_pool_put_netmem(ring->pool, ring->buf[0].netmem, -1, true);
	page_pool_put_unrefed_netmem(ring->pool, ring->buf[1].netmem, 64,
				     false);
	page_pool_recycle_direct_netmem(ring->pool, ring->buf[2].netmem);
}
""",
    ),
    "error-path": (
"""\
int t(struct ring *ring)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(ring->pool);
	if (!page)
		goto out;
	if (!ring->pool)
		goto free;
	ring->spare = page;

	return 0;

free:
	page_pool_put_full_page(ring->pool, page, true);
out:
	return -ENOMEM;
}
""",
"""\
int t(struct ring *ring)
{
	netmem_ref netmem;

	netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!netmem)
		goto out;
	if (!ring->pool)
		goto free;
	ring->spare = netmem;

	return 0;

free:
	page_pool_put_full_netmem(ring->pool, netmem, true);
out:
	return -ENOMEM;
}
""",
    ),
    "own-function-and-prototype": (
"""\
static void drop(struct page_pool *, struct page *);

static void drop(struct page_pool *pool, struct page *page)
{
	page_pool_put_full_page(pool, page, false);
}

void t(struct ring *ring)
{
	drop(ring->pool, ring->spare);
}
""",
"""\
static void drop(struct page_pool *, netmem_ref);

static void drop(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_put_full_netmem(pool, netmem, false);
}

void t(struct ring *ring)
{
	drop(ring->pool, ring->spare);
}
""",
    ),
    "branches-of-a-conditional": (
"""\
void t(struct ring *ring)
{
#ifdef CONFIG_LATE
	struct page *page = ring->spare;
#else
	struct page *page = ring->buf[0].page;
#endif

	page_pool_put_full_page(ring->pool, page, false);
}
""",
"""\
void t(struct ring *ring)
{
#ifdef CONFIG_LATE
	netmem_ref netmem = ring->spare;
#else
	netmem_ref netmem = ring->buf[0].netmem;
#endif

	page_pool_put_full_netmem(ring->pool, netmem, false);
}
""",
    ),
}
LEFT_ALONE = {
    "page-of-a-frame": """\
void t(struct page_pool *pool, struct ring *ring, struct xdp_frame *xdp)
{
	page_pool_put_full_page(pool, virt_to_head_page(xdp->data), true);
}
""",
    "address": """\
void t(struct ring *ring, void *va)
{
	page_pool_free_va(ring->pool, va, false);
}
""",
}
REFUSED = {
    "laundered": ("t", "address", """\
void *t(struct rx_buf *buf, char *spare)
{
	if (spare)
		return spare;
	return buf->page;
}
"""),
    "macro": ("rx_buf.page", "macro", """\
#define DROP(pool, b) page_pool_put_full_page(pool, (b)->page, false)

void t(struct ring *ring)
{
	DROP(ring->pool, &ring->buf[0]);
}
"""),
    "callback": ("page", "function-pointer", """\
static void drop(struct page_pool *pool, struct page *page)
{
	page_pool_put_full_page(pool, page, false);
}

void each(void (*call)(struct page_pool *pool, struct page *page));

void t(struct ring *ring)
{
	drop(ring->pool, ring->spare);
	each(drop);
}
"""),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transformed(name: str, tmp_path: Path) -> None:
    check_transformed(tmp_path, *TRANSFORMED[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    check_noop(tmp_path, LEFT_ALONE[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    slot, category, source = REFUSED[name]
    check_refused(tmp_path, source, slot, category)
