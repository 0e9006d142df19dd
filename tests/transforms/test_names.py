# SPDX-License-Identifier: GPL-2.0-only
"""Names of what moved."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

TRANSFORMED = {
    "shadowed": (
"""\
void t(struct ring *ring)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	{
		struct page *page = alloc_page(GFP_KERNEL);

		foreign(page);
	}
	ring->spare = page;
}
""",
"""\
void t(struct ring *ring)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(ring->pool);

	{
		struct page *page = alloc_page(GFP_KERNEL);

		foreign(page);
	}
	ring->spare = netmem;
}
""",
    ),
    "taken-by-a-local": (
"""\
int t(struct ring *ring)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);
	int netmem = 1;

	ring->spare = page;

	return netmem;
}
""",
"""\
int t(struct ring *ring)
{
	netmem_ref page = page_pool_dev_alloc_netmems(ring->pool);
	int netmem = 1;

	ring->spare = page;

	return netmem;
}
""",
    ),
    "taken-by-a-macro": (
"""\
#define new_netmem	5

void t(struct ring *ring)
{
	struct page *new_page = page_pool_dev_alloc_pages(ring->pool);

	ring->spare = new_page;
}
""",
"""\
#define new_netmem	5

void t(struct ring *ring)
{
	netmem_ref new_page = page_pool_dev_alloc_netmems(ring->pool);

	ring->spare = new_page;
}
""",
    ),
    "taken-by-a-member": (
"""\
struct both {
	struct page *page;
	union {
		netmem_ref netmem;
		int other;
	};
};

void t(struct both *both, struct page_pool *pool)
{
	both->page = page_pool_dev_alloc_pages(pool);
}
""",
"""\
struct both {
	netmem_ref page;
	union {
		netmem_ref netmem;
		int other;
	};
};

void t(struct both *both, struct page_pool *pool)
{
	both->page = page_pool_dev_alloc_netmems(pool);
}
""",
    ),
    "comments": (
"""\
/**
 * t() - put a page back
 * @page: the page of buf->page; other pages stay pages
 * @pool: its pool
 */
static void t(struct page_pool *pool, struct page *page)
{
	/* The page in buf->page is this page. */
	page_pool_put_full_page(pool, page, false);
}

void u(struct ring *ring)
{
	t(ring->pool, ring->spare);
}
""",
"""\
/**
 * t() - put a page back
 * @netmem: the netmem of buf->netmem; other pages stay pages
 * @pool: its pool
 */
static void t(struct page_pool *pool, netmem_ref netmem)
{
	/* The netmem in buf->netmem is this netmem. */
	page_pool_put_full_netmem(pool, netmem, false);
}

void u(struct ring *ring)
{
	t(ring->pool, ring->spare);
}
""",
    ),
    "leads-and-plurals": (
"""\
void t(struct ring *ring)
{
	struct page *new_page = page_pool_dev_alloc_pages(ring->pool);
	struct page *pages[2] = { new_page, NULL };
	struct page *p = new_page;

	ring->spare = p;
	ring->buf[0].page = pages[1];
}
""",
"""\
void t(struct ring *ring)
{
	netmem_ref new_netmem = page_pool_dev_alloc_netmems(ring->pool);
	netmem_ref netmems[2] = { new_netmem, 0 };
	netmem_ref p = new_netmem;

	ring->spare = p;
	ring->buf[0].netmem = netmems[1];
}
""",
    ),
    "prototype-with-a-name-of-its-own": (
"""\
void drop(struct page_pool *pool, struct page *p);

void drop(struct page_pool *pool, struct page *page)
{
	page_pool_put_full_page(pool, page, false);
}

void t(struct ring *ring)
{
	drop(ring->pool, ring->spare);
}
""",
"""\
void drop(struct page_pool *pool, netmem_ref p);

void drop(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_put_full_netmem(pool, netmem, false);
}

void t(struct ring *ring)
{
	drop(ring->pool, ring->spare);
}
""",
    ),
    "says-address": (
"""\
struct desc {
	void *buf_virt_addr;
	void *vaddrs[4];
};

static void put(struct desc *desc, void *virt_addr)
{
	desc->buf_virt_addr = virt_addr;
	desc->vaddrs[0] = desc->buf_virt_addr;
}

void t(struct desc *desc, struct ring *ring, struct rx_buf *buf)
{
	struct page *page_addr = buf->page;
	void *rx_va = desc->vaddrs[0];

	put(desc, page_addr);
	ring->spare = rx_va;
}
""",
"""\
struct desc {
	netmem_ref buf_netmem;
	netmem_ref netmems[4];
};

static void put(struct desc *desc, netmem_ref netmem)
{
	desc->buf_netmem = netmem;
	desc->netmems[0] = desc->buf_netmem;
}

void t(struct desc *desc, struct ring *ring, struct rx_buf *buf)
{
	netmem_ref rx_netmem = desc->netmems[0];
	netmem_ref netmem = buf->netmem;

	put(desc, netmem);
	ring->spare = rx_netmem;
}
""",
    ),
    "page-goes-before-address": (
"""\
struct both {
	void *addr;
	struct page *page;
};

void t(struct both *both, struct ring *ring, void *virt_addr)
{
	struct page *page = ring->spare;

	both->addr = page;
	both->page = virt_addr;
	ring->spare = both->addr;
}

void u(struct both *both, struct ring *ring)
{
	t(both, ring, ring->spare);
}
""",
"""\
struct both {
	netmem_ref addr;
	netmem_ref netmem;
};

void t(struct both *both, struct ring *ring, netmem_ref virt_addr)
{
	netmem_ref netmem = ring->spare;

	both->addr = netmem;
	both->netmem = virt_addr;
	ring->spare = both->addr;
}

void u(struct both *both, struct ring *ring)
{
	t(both, ring, ring->spare);
}
""",
    ),
    "global-and-local": (
"""\
static struct page *page;

void t(struct ring *ring)
{
	void *va = ring->spare;

	page = va;
}
""",
"""\
static netmem_ref netmem;

void t(struct ring *ring)
{
	netmem_ref va = ring->spare;

	netmem = va;
}
""",
    ),
    "same-name-elsewhere": (
"""\
struct port {
	int virt_addr;
};

struct desc {
	void *virt_addr;
};

void t(struct desc *desc, struct ring *ring, struct port *port)
{
	u32 addr = 4;

	desc->virt_addr = ring->spare;
	ring->spare = desc->virt_addr;
	port->virt_addr = addr;
}
""",
"""\
struct port {
	int virt_addr;
};

struct desc {
	netmem_ref netmem;
};

void t(struct desc *desc, struct ring *ring, struct port *port)
{
	u32 addr = 4;

	desc->netmem = ring->spare;
	ring->spare = desc->netmem;
	port->virt_addr = addr;
}
""",
    ),
    "says-nothing-that-is-wrong": (
"""\
void t(struct ring *ring)
{
	struct page *page_buffer[2] = { ring->spare, ring->spare };
	void *dma_addr = page_buffer[0];
	void *private = dma_addr;
	void *data = private;

	ring->spare = data;
}
""",
"""\
void t(struct ring *ring)
{
	netmem_ref page_buffer[2] = { ring->spare, ring->spare };
	netmem_ref dma_addr = page_buffer[0];
	netmem_ref private = dma_addr;
	netmem_ref data = private;

	ring->spare = data;
}
""",
    ),
    "taken-behind-a-prototype": (
"""\
static void drop(struct page_pool *pool, struct page *page);

static void drop(struct page_pool *pool, struct page *page)
{
	int netmem = 0;

	page_pool_put_full_page(pool, page, netmem);
}

void t(struct ring *ring)
{
	drop(ring->pool, ring->spare);
}
""",
"""\
static void drop(struct page_pool *pool, netmem_ref page);

static void drop(struct page_pool *pool, netmem_ref page)
{
	int netmem = 0;

	page_pool_put_full_netmem(pool, page, netmem);
}

void t(struct ring *ring)
{
	drop(ring->pool, ring->spare);
}
""",
    ),
    "label-of-that-name": (
"""\
void t(struct ring *ring)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	if (!page)
		goto page;
	ring->spare = page;
page:
	return;
}
""",
"""\
void t(struct ring *ring)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(ring->pool);

	if (!netmem)
		goto page;
	ring->spare = netmem;
page:
	return;
}
""",
    ),
}
LEFT_ALONE = {
    "member-of-another-type": """\
struct port {
	int page;
};

int t(struct port *port)
{
	return port->page; /* port->page is a number */
}
""",
    "address-that-stays": """\
struct desc {
	void *buf_virt_addr;
};

void t(struct desc *desc, void *virt_addr)
{
	desc->buf_virt_addr = virt_addr;
	foreign(virt_to_page(desc->buf_virt_addr));
}
""",
    "page-that-stays": """\
void t(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	foreign(page);
}
""",
    "prose": """\
/* A page of this page_pool; see the page about pages, page->pp and @page. */
int page_size_of_ring(int page)
{
	return page;
}
""",
    "strings": """\
const char *t(void)
{
	return "buf->page";
}
""",
    "functions": """\
static int rx_page(int pages)
{
	return pages;
}

int t(void)
{
	return rx_page(1);
}
""",
}
REFUSED = {
    "macro-is-another-name": ("rx_buf.page", "macro", """\
#define data_page page

void t(struct rx_buf *buf)
{
	foreign(buf->data_page);
}
"""),
    "macro-names-the-member": ("rx_buf.page", "macro", """\
#define rx_page_of(b) ((b)->page)

void t(struct rx_buf *buf)
{
	foreign(rx_page_of(buf));
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
