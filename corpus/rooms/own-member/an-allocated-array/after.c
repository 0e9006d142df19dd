// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_ring {
	struct page_pool *pool;
	struct page **rx_page;
};

int demo_make(struct demo_ring *ring)
{
	ring->rx_page = kcalloc(256, sizeof(*ring->rx_page), GFP_KERNEL);
	if (!ring->rx_page)
		return -ENOMEM;
	return 0;
}

void demo_free(struct demo_ring *ring)
{
	kfree(ring->rx_page);
	ring->rx_page = NULL;
}

int demo_fill(struct demo_ring *ring, unsigned int i)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(ring->pool);
	if (!page)
		return -ENOMEM;

	ring->rx_page[i] = page;
	return 0;
}

void demo_frag(struct demo_ring *ring, unsigned int i, struct sk_buff *skb,
	       int len)
{
	struct page *page;

	page = ring->rx_page[i];
	skb_add_rx_frag(skb, 0, page, 0, len, PAGE_SIZE);
	ring->rx_page[i] = NULL;
}
