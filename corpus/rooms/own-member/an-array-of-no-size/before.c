// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

#define DEMO_RING 256

struct demo_ring {
	struct page_pool *pool;
	void *bufs[0];
};

int demo_fill(struct demo_ring *ring, unsigned int i)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	if (!page)
		return -ENOMEM;

	ring->bufs[i] = page_address(page) + NET_SKB_PAD;
	return 0;
}

void demo_frag(struct demo_ring *ring, unsigned int i, struct sk_buff *skb,
	       int len)
{
	struct page *page = virt_to_head_page(ring->bufs[i]);

	skb_add_rx_frag(skb, 0, page, ring->bufs[i] - page_address(page), len,
			PAGE_SIZE);
	ring->bufs[i] = NULL;
}
