// SPDX-License-Identifier: GPL-2.0-only
/* NULL as a result, an argument, an initialiser, a branch and a comparison. */
#include "netmem_stub.h"

struct demo_slot {
	struct page *page;
	dma_addr_t dma;
};

struct demo_ring {
	struct demo_slot slots[64];
	struct page *reserve;
	struct page_pool *pool;
	bool stopped;
};

static struct page *demo_take_reserve(struct demo_ring *ring)
{
	struct page *page = NULL;

	if (ring->reserve != NULL) {
		page = ring->reserve;
		ring->reserve = NULL;
	}

	return ring->stopped ? NULL : page;
}

static struct page *demo_get(struct demo_ring *ring)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	if (NULL == page)
		return demo_take_reserve(ring);
	if (unlikely(ring->stopped)) {
		page_pool_put_full_page(ring->pool, page, false);
		return NULL;
	}

	return page;
}

static void demo_set(struct demo_slot *slot, struct page *page)
{
	slot->page = page;
	slot->dma = page ? page_pool_get_dma_addr(page) : 0;
}

static bool demo_is_full(const struct demo_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->slots); i++) {
		if (ring->slots[i].page == NULL || !ring->slots[i].dma)
			return false;
	}

	return ring->reserve != NULL;
}

static int demo_refill(struct demo_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->slots); i++) {
		if (ring->slots[i].page)
			continue;

		demo_set(&ring->slots[i], demo_get(ring));
		if (!ring->slots[i].page)
			return -ENOMEM;
	}

	if (!ring->reserve)
		ring->reserve = ring->stopped ? NULL : demo_get(ring);
	return 0;
}

static void demo_rx(struct demo_ring *ring, int i, struct sk_buff *skb, u32 len)
{
	skb_add_rx_frag(skb, 0, ring->slots[i].page, 0, len, PAGE_SIZE);
	demo_set(&ring->slots[i], NULL);
}
