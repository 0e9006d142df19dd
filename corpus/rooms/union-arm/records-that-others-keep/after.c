// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_ring {
	struct page_pool *page_pool;
	struct demo_copy *copies;
	u32 size;
};

struct demo_buf {
	union {
		struct page *page;
		struct page *pp_page;
	};
	dma_addr_t dma;
};

struct demo_copy {
	struct demo_buf buf;
};

void demo_copy(struct demo_ring *ring, struct sk_buff *skb, int i)
{
	struct demo_buf *buf = &ring->copies[i].buf;

	page_ref_add(buf->page, 1);
	skb_add_rx_frag(skb, 2, buf->page, 0, 64, PAGE_SIZE);
}

struct demo_slot {
	struct demo_buf buf;
};

static int demo_fill(struct demo_ring *ring, struct demo_buf *buf);

int demo_refill(struct demo_ring *ring, struct demo_slot *slot)
{
	return demo_fill(ring, &slot->buf);
}

static int demo_fill(struct demo_ring *ring, struct demo_buf *buf)
{
	struct page *page, *own;

	if (!ring->page_pool) {
		own = alloc_page(GFP_ATOMIC);
		buf->page = own;
		return own ? 0 : -ENOMEM;
	}

	page = page_pool_dev_alloc_pages(ring->page_pool);
	if (!page)
		return -ENOMEM;

	buf->pp_page = page;
	buf->dma = page_pool_get_dma_addr(page);
	return 0;
}

void demo_drop(struct demo_ring *ring, struct demo_slot *slot)
{
	struct demo_buf *buf = &slot->buf;

	if (ring->page_pool)
		page_pool_put_full_page(ring->page_pool, buf->pp_page, false);
}
