// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	struct page *page;
	dma_addr_t dma;
};

struct demo_spare {
	struct demo_buf *first;
};

struct demo_shown {
	struct demo_buf *first;
};

struct demo_ring {
	struct page_pool *page_pool;
	struct demo_buf *bufs;
	struct demo_spare spare;
	struct demo_shown shown;
};

int demo_setup(struct demo_ring *ring)
{
	ring->bufs = kcalloc(16, sizeof(*ring->bufs), GFP_KERNEL);
	ring->spare.first = kcalloc(16, sizeof(*ring->bufs), GFP_KERNEL);
	return ring->bufs && ring->spare.first ? 0 : -ENOMEM;
}

int demo_fill(struct demo_ring *ring, int i)
{
	struct demo_buf *buf = &ring->bufs[i];
	struct page *page, *own;

	if (!ring->page_pool) {
		own = alloc_page(GFP_ATOMIC);
		buf->page = own;
		return own ? 0 : -ENOMEM;
	}

	page = page_pool_dev_alloc_pages(ring->page_pool);
	if (!page)
		return -ENOMEM;

	buf->page = page;
	return 0;
}

void demo_drop(struct demo_ring *ring, int i)
{
	struct demo_buf *buf = &ring->bufs[i];

	if (ring->page_pool)
		page_pool_put_full_page(ring->page_pool, buf->page, false);
	buf->page = NULL;
}

void demo_show(struct demo_ring *ring)
{
	ring->shown.first = ring->bufs;
	memcpy(&ring->spare, &ring->shown, sizeof(ring->spare));
}

void demo_hold(struct demo_ring *ring)
{
	page_ref_add(ring->spare.first->page, 1);
}
