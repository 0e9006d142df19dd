// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_ring {
	struct page_pool *page_pool;
	u32 size;
};

struct demo_buf {
	struct page *page;
	dma_addr_t dma;
};

int demo_fill(struct demo_ring *ring, struct demo_buf *buf)
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

	buf->page = page;
	buf->dma = page_pool_get_dma_addr(page);
	return 0;
}

void demo_frag(struct demo_ring *ring, struct demo_buf *buf,
	       struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, buf->page, 0, len, ring->size);
}

static void demo_bias(struct demo_buf *buf)
{
	page_ref_add(buf->page, 1);
}

void demo_drop(struct demo_ring *ring, struct demo_buf *buf)
{
	if (ring->page_pool)
		page_pool_put_full_page(ring->page_pool, buf->page, false);
	else
		demo_bias(buf);
	buf->page = NULL;
}

void demo_head(struct demo_ring *ring, struct demo_buf *buf,
	       struct sk_buff *skb)
{
	if (ring->page_pool)
		skb_add_rx_frag(skb, 0, buf->page, 0, 64, ring->size);
	else
		skb_add_rx_frag(skb, 0, buf->page, 0, 64, ring->size);
}
