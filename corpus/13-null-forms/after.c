// SPDX-License-Identifier: GPL-2.0-only
/* NULL as a result, an argument, an initialiser, a branch and a comparison. */
#include "netmem_stub.h"

struct demo_slot {
	netmem_ref netmem;
	dma_addr_t dma;
};

struct demo_ring {
	struct demo_slot slots[64];
	netmem_ref reserve;
	struct page_pool *pool;
	bool stopped;
};

static netmem_ref demo_take_reserve(struct demo_ring *ring)
{
	netmem_ref netmem = 0;

	if (ring->reserve) {
		netmem = ring->reserve;
		ring->reserve = 0;
	}

	return ring->stopped ? 0 : netmem;
}

static netmem_ref demo_get(struct demo_ring *ring)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(ring->pool);

	if (!netmem)
		return demo_take_reserve(ring);
	if (unlikely(ring->stopped)) {
		page_pool_put_full_netmem(ring->pool, netmem, false);
		return 0;
	}

	return netmem;
}

static void demo_set(struct demo_slot *slot, netmem_ref netmem)
{
	slot->netmem = netmem;
	slot->dma = netmem ? page_pool_get_dma_addr_netmem(netmem) : 0;
}

static bool demo_is_full(const struct demo_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->slots); i++) {
		if (!ring->slots[i].netmem || !ring->slots[i].dma)
			return false;
	}

	return !!ring->reserve;
}

static int demo_refill(struct demo_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->slots); i++) {
		if (ring->slots[i].netmem)
			continue;

		demo_set(&ring->slots[i], demo_get(ring));
		if (!ring->slots[i].netmem)
			return -ENOMEM;
	}

	if (!ring->reserve)
		ring->reserve = ring->stopped ? 0 : demo_get(ring);
	return 0;
}

static void demo_rx(struct demo_ring *ring, int i, struct sk_buff *skb, u32 len)
{
	skb_add_rx_frag_netmem(skb, 0, ring->slots[i].netmem, 0, len,
			       PAGE_SIZE);
	demo_set(&ring->slots[i], 0);
}
