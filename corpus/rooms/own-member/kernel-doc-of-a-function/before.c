// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

#define DEMO_RING 256

struct demo_ring {
	struct page_pool *pool;
	void *bufs[DEMO_RING];
	dma_addr_t dma[DEMO_RING];
};

/**
 * demo_get() - get one
 * @pool: pool
 * @buf: where the address goes
 * @dma: where the other goes
 */
static int demo_get(struct page_pool *pool, void **buf, dma_addr_t *dma)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(pool);
	if (!page)
		return -ENOMEM;

	*buf = page_address(page);
	*dma = page_pool_get_dma_addr(page);
	return 0;
}

int demo_fill(struct demo_ring *ring)
{
	unsigned int i;

	for (i = 0; i < DEMO_RING; i++) {
		if (ring->bufs[i])
			continue;
		if (demo_get(ring->pool, &ring->bufs[i], &ring->dma[i]))
			return -ENOMEM;
	}
	return 0;
}

struct sk_buff *demo_poll(struct demo_ring *ring, unsigned int i)
{
	struct sk_buff *skb = build_skb(ring->bufs[i], PAGE_SIZE);

	if (skb)
		ring->bufs[i] = NULL;
	return skb;
}

void demo_clean(struct demo_ring *ring)
{
	unsigned int i;

	for (i = 0; i < DEMO_RING; i++) {
		if (!ring->bufs[i])
			continue;
		page_pool_put_full_page(ring->pool, virt_to_head_page(ring->bufs[i]), false);
	}
	memset(ring->bufs, 0, sizeof(ring->bufs));
}
