# SPDX-License-Identifier: GPL-2.0-only
"""Declarations: members, locals, parameters, return values, globals."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

TRANSFORMED = {
    "split": (
"""\
void t(struct ring *ring)
{
	struct page *own = alloc_page(GFP_KERNEL), *page, *other;

	foreign(own);
	page = page_pool_dev_alloc_pages(ring->pool);
	other = page;
	ring->spare = other;
}
""",
"""\
void t(struct ring *ring)
{
	struct page *own = alloc_page(GFP_KERNEL);
	netmem_ref netmem, other;

	foreign(own);
	netmem = page_pool_dev_alloc_netmems(ring->pool);
	other = netmem;
	ring->spare = other;
}
""",
    ),
    "split-keeps-comments": (
"""\
struct pair {
	struct page *one, /* from the pool */
		    *other; /* from the system */
};

void t(struct pair *pair, struct page_pool *pool)
{
	pair->one = page_pool_dev_alloc_pages(pool);
	pair->other = alloc_page(GFP_KERNEL);
	foreign(pair->other);
}
""",
"""\
struct pair {
	netmem_ref one; /* from the pool */
	struct page *other; /* from the system */
};

void t(struct pair *pair, struct page_pool *pool)
{
	pair->one = page_pool_dev_alloc_netmems(pool);
	pair->other = alloc_page(GFP_KERNEL);
	foreign(pair->other);
}
""",
    ),
    "const": (
"""\
static bool bad(const struct page *page, struct page const *other)
{
	return page_is_pfmemalloc(page) || page_is_pfmemalloc(other);
}

bool t(const struct rx_buf *buf)
{
	const struct page *page = buf->page;

	return bad(page, buf->page);
}
""",
"""\
static bool bad(netmem_ref netmem, netmem_ref other)
{
	return netmem_is_pfmemalloc(netmem) || netmem_is_pfmemalloc(other);
}

bool t(const struct rx_buf *buf)
{
	netmem_ref netmem = buf->netmem;

	return bad(netmem, buf->netmem);
}
""",
    ),
    "cursors-and-arrays": (
"""\
struct pages {
	struct page *grid[2][4];
	struct page *(*row)[4];
	struct page **next;
};

void t(struct pages *all, struct page_pool *pool, int n)
{
	struct page **pages = kcalloc(n, sizeof(struct page *), GFP_KERNEL);
	struct page **end = pages + n, **p;

	for (p = pages; p < end; p++)
		*p = page_pool_dev_alloc_pages(pool);
	all->row = all->grid;
	all->grid[1][2] = *pages;
	all->next = NULL;
	if (all->next == NULL)
		all->next = &(*all->row)[3];
	kfree(pages);
}
""",
"""\
struct pages {
	netmem_ref grid[2][4];
	netmem_ref (*row)[4];
	netmem_ref *next;
};

void t(struct pages *all, struct page_pool *pool, int n)
{
	netmem_ref *netmems = kcalloc(n, sizeof(netmem_ref), GFP_KERNEL);
	netmem_ref *end = netmems + n, *p;

	for (p = netmems; p < end; p++)
		*p = page_pool_dev_alloc_netmems(pool);
	all->row = all->grid;
	all->grid[1][2] = *netmems;
	all->next = NULL;
	if (all->next == NULL)
		all->next = &(*all->row)[3];
	kfree(netmems);
}
""",
    ),
    "same-member-in-two-structs": (
"""\
struct tx_buf {
	struct page *page;
};

void t(struct tx_buf *tx, struct rx_buf *buf, struct page_pool *pool)
{
	tx->page = alloc_page(GFP_KERNEL);
	foreign(tx->page);
	buf->page = page_pool_dev_alloc_pages(pool);
}
""",
"""\
struct tx_buf {
	struct page *page;
};

void t(struct tx_buf *tx, struct rx_buf *buf, struct page_pool *pool)
{
	tx->page = alloc_page(GFP_KERNEL);
	foreign(tx->page);
	buf->netmem = page_pool_dev_alloc_netmems(pool);
}
""",
    ),
    "global-and-anonymous": (
"""\
static struct page *cache, *unused;
typedef struct {
	struct page *page;
	int n;
} held;

void t(struct ring *ring)
{
	held one = { .page = NULL }, *p = &one;

	cache = page_pool_dev_alloc_pages(ring->pool);
	unused = NULL;
	p->page = cache;
	ring->spare = one.page;
}
""",
"""\
static netmem_ref cache;
static struct page *unused;
typedef struct {
	netmem_ref netmem;
	int n;
} held;

void t(struct ring *ring)
{
	held one = { .netmem = 0 }, *p = &one;

	cache = page_pool_dev_alloc_netmems(ring->pool);
	unused = NULL;
	p->netmem = cache;
	ring->spare = one.netmem;
}
""",
    ),
    "member-named-in-offsetof": (
"""\
struct rx_buf *t(void)
{
	return (struct rx_buf *)offsetof(struct rx_buf, page);
}
""",
"""\
struct rx_buf *t(void)
{
	return (struct rx_buf *)offsetof(struct rx_buf, netmem);
}
""",
    ),
    "loop-head": (
"""\
void t(struct ring *ring)
{
	for (struct page *one = ring->spare, *other = one; one; one = NULL)
		ring->buf[0].page = other;
}
""",
"""\
void t(struct ring *ring)
{
	for (netmem_ref one = ring->spare, other = one; one; one = 0)
		ring->buf[0].netmem = other;
}
""",
    ),
}
LEFT_ALONE = {
    "function-pointer-type": """\
struct ops {
	struct page *(*get)(struct page_pool *pool);
};
""",
    "forward-declaration": """\
struct page;
void later(struct page *page);
""",
}
REFUSED = {
    "parameter-of-a-callback": ("get", "function-pointer", """\
static struct page *get(struct rx_buf *buf)
{
	return buf->page;
}

struct ops {
	struct page *(*get)(struct rx_buf *buf);
};

const struct ops ops = { .get = get };
"""),
    "exported": ("give", "exported", """\
struct page *give(struct ring *ring);
struct page *give(struct ring *ring)
{
	return ring->spare;
}
EXPORT_SYMBOL_GPL(give);
"""),
    "reached-through-a-macro": ("take", "macro", """\
static struct page *take(struct rx_buf *buf)
{
	return buf->page;
}

#define TAKE(buf) take(buf)

void t(struct rx_buf *buf)
{
	foreign(TAKE(buf));
}
"""),
    "captured-by-a-macro": ("page", "macro", """\
#define CHECK() do { if (!page) return; } while (0)

void t(struct ring *ring)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	CHECK();
	page_pool_put_full_page(ring->pool, page, true);
}
"""),
    "two-types": ("two.page", "conditional", """\
#ifdef CONFIG_TWO
struct two {
	struct page *page;
};
#else
struct two {
	struct page *page;
	int more;
};
#endif

void t(struct two *two, struct page_pool *pool)
{
	two->page = page_pool_dev_alloc_pages(pool);
}
"""),
    "no-braces": ("rx_buf.page", "unresolved", """\
void t(struct page_pool *pool)
{
	struct rx_buf bufs[2] = { NULL, 1, NULL, 2 };

	fill(pool, bufs, GFP_KERNEL);
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
