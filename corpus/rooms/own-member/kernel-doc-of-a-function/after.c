// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

#define DEMO_RING 256

struct demo_ring {
	struct page_pool *pool;
	struct page *rx_page[DEMO_RING];
	dma_addr_t dma[DEMO_RING];
};

/**
 * demo_get() - get one
 * @pool: pool
 * @rx_page: where to keep the page
 * @dma: where the other goes
 */
static int demo_get(struct page_pool *pool, struct page **rx_page,
		    dma_addr_t *dma)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(pool);
	if (!page)
		return -ENOMEM;

	*rx_page = page;
	*dma = page_pool_get_dma_addr(page);
	return 0;
}

int demo_fill(struct demo_ring *ring)
{
	unsigned int i;

	for (i = 0; i < DEMO_RING; i++) {
		if (ring->rx_page[i])
			continue;
		if (demo_get(ring->pool, &ring->rx_page[i], &ring->dma[i]))
			return -ENOMEM;
	}
	return 0;
}

struct sk_buff *demo_poll(struct demo_ring *ring, unsigned int i)
{
	struct sk_buff *skb = build_skb(page_address(ring->rx_page[i]),
					PAGE_SIZE);

	if (skb)
		ring->rx_page[i] = NULL;
	return skb;
}

void demo_clean(struct demo_ring *ring)
{
	unsigned int i;

	for (i = 0; i < DEMO_RING; i++) {
		if (!ring->rx_page[i])
			continue;
		page_pool_put_full_page(ring->pool, ring->rx_page[i], false);
	}
	memset(ring->rx_page, 0, sizeof(ring->rx_page));
}
