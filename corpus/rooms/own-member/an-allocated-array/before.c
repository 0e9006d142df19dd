// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_ring {
	struct page_pool *pool;
	void **bufs;
};

int demo_make(struct demo_ring *ring)
{
	ring->bufs = kcalloc(256, sizeof(*ring->bufs), GFP_KERNEL);
	if (!ring->bufs)
		return -ENOMEM;
	return 0;
}

void demo_free(struct demo_ring *ring)
{
	kfree(ring->bufs);
	ring->bufs = NULL;
}

int demo_fill(struct demo_ring *ring, unsigned int i)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(ring->pool);
	if (!page)
		return -ENOMEM;

	ring->bufs[i] = page_address(page);
	return 0;
}

void demo_frag(struct demo_ring *ring, unsigned int i, struct sk_buff *skb,
	       int len)
{
	struct page *page;

	page = virt_to_head_page(ring->bufs[i]);
	skb_add_rx_frag(skb, 0, page, 0, len, PAGE_SIZE);
	ring->bufs[i] = NULL;
}
