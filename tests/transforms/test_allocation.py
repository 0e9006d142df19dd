# SPDX-License-Identifier: GPL-2.0-only
"""Allocations: every kind keeps its kind and its flags; a page that must stay keeps its call."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

TRANSFORMED = {
    "assigned-in-condition": (
"""\
int t(struct ring *ring)
{
	struct page *page;

	if (!(page = page_pool_dev_alloc_pages(ring->pool)))
		return -ENOMEM;
	ring->spare = page;

	return 0;
}
""",
"""\
int t(struct ring *ring)
{
	netmem_ref netmem;

	if (!(netmem = page_pool_dev_alloc_netmems(ring->pool)))
		return -ENOMEM;
	ring->spare = netmem;

	return 0;
}
""",
    ),
    "compared-in-condition": (
"""\
int t(struct ring *ring)
{
	struct page *page;

	if ((page = page_pool_dev_alloc_pages(ring->pool)) == NULL)
		return -ENOMEM;
	ring->spare = page;

	return 0;
}
""",
"""\
int t(struct ring *ring)
{
	netmem_ref netmem;

	if (!(netmem = page_pool_dev_alloc_netmems(ring->pool)))
		return -ENOMEM;
	ring->spare = netmem;

	return 0;
}
""",
    ),
    "dev-frag-writes-its-flags-out": (
"""\
void t(struct ring *ring)
{
	ring->spare = page_pool_dev_alloc_frag(ring->pool, &ring->buf[0].offset,
					       2048);
}
""",
"""\
void t(struct ring *ring)
{
	ring->spare = page_pool_alloc_frag_netmem(ring->pool,
						  &ring->buf[0].offset, 2048,
						  GFP_ATOMIC | __GFP_NOWARN);
}
""",
    ),
    "frag-and-variable-size": (
"""\
void t(struct ring *ring, unsigned int *size)
{
	u32 offset;

	ring->spare = page_pool_alloc_frag(ring->pool, &offset, 64, GFP_KERNEL);
	ring->buf[0].page = page_pool_alloc(ring->pool, &offset, size,
					    GFP_ATOMIC);
	ring->buf[1].page = page_pool_dev_alloc(ring->pool, &offset, size);
}
""",
"""\
void t(struct ring *ring, unsigned int *size)
{
	u32 offset;

	ring->spare = page_pool_alloc_frag_netmem(ring->pool, &offset, 64,
						  GFP_KERNEL);
	ring->buf[0].netmem = page_pool_alloc_netmem(ring->pool, &offset, size,
						     GFP_ATOMIC);
	ring->buf[1].netmem = page_pool_dev_alloc_netmem(ring->pool, &offset,
							 size);
}
""",
    ),
    "out-parameter": (
"""\
static int get(struct page_pool *pool, struct page **pagep)
{
	*pagep = page_pool_dev_alloc_pages(pool);

	return *pagep ? 0 : -ENOMEM;
}

int t(struct ring *ring)
{
	struct page *page = NULL;

	if (get(ring->pool, &page))
		return -ENOMEM;
	ring->spare = page;

	return get(ring->pool, &ring->buf[0].page);
}
""",
"""\
static int get(struct page_pool *pool, netmem_ref *pagep)
{
	*pagep = page_pool_dev_alloc_netmems(pool);

	return *pagep ? 0 : -ENOMEM;
}

int t(struct ring *ring)
{
	netmem_ref netmem = 0;

	if (get(ring->pool, &netmem))
		return -ENOMEM;
	ring->spare = netmem;

	return get(ring->pool, &ring->buf[0].netmem);
}
""",
    ),
    "ternary": (
"""\
void t(struct ring *ring, bool wait)
{
	ring->spare = wait ? page_pool_alloc_pages(ring->pool, GFP_KERNEL) :
			     NULL;
}
""",
"""\
void t(struct ring *ring, bool wait)
{
	ring->spare = wait ? page_pool_alloc_netmems(ring->pool, GFP_KERNEL) :
			     0;
}
""",
    ),
}
LEFT_ALONE = {
    "address-of-the-pool": """\
void *t(struct ring *ring, unsigned int *size)
{
	return page_pool_dev_alloc_va(ring->pool, size);
}
""",
    "pages-of-the-system": """\
struct page *t(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	foreign(page);

	return page;
}
""",
    "copied-from": """\
void t(struct page_pool *pool, struct sk_buff *skb, int len)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	memcpy(page_address(page), skb->data, len);
	page_pool_put_full_page(pool, page, false);
}
""",
}
REFUSED = {
    "only-the-address-is-returned": ("t()", "address", """\
void *t(struct page_pool *pool)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	return page_address(page);
}
"""),
    "given-away": ("page", "page-only-use", """\
void t(struct page_pool *pool)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	foreign(page);
}
"""),
    "laundered": ("hidden.data", "void-pointer", """\
struct hidden {
	void *data;
};

void t(struct page_pool *pool, struct hidden *hidden, struct sk_buff *skb)
{
	if (skb)
		hidden->data = skb;
	else
		hidden->data = page_pool_dev_alloc_pages(pool);
}
"""),
    "through-an-out-parameter": ("page", "page-only-use", """\
static void get(struct page_pool *pool, struct page **pagep)
{
	*pagep = page_pool_dev_alloc_pages(pool);
}

void t(struct page_pool *pool)
{
	struct page *page;

	get(pool, &page);
	foreign(page);
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
