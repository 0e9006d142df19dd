// SPDX-License-Identifier: GPL-2.0-only
/* Pool allocations assigned straight into a field or an array element. */
#include "netmem_stub.h"

#define DEMO_MAX_FRAGS	4

struct demo_rx_alloc {
	netmem_ref	netmem;
	dma_addr_t	dma;
	u32		page_offset;
};

struct demo_rx_ring {
	struct demo_rx_alloc	*frags;
	struct page_pool	*pool;
	netmem_ref		spare[DEMO_MAX_FRAGS];
	u32			size;
};

static int demo_alloc_frag(struct demo_rx_ring *ring,
			   struct demo_rx_alloc *frag, gfp_t gfp)
{
	frag->netmem = page_pool_alloc_netmems(ring->pool, gfp);
	if (unlikely(!frag->netmem))
		return -ENOMEM;

	frag->dma = page_pool_get_dma_addr_netmem(frag->netmem);
	frag->page_offset = 0;
	return 0;
}

static int demo_alloc_spares(struct demo_rx_ring *ring)
{
	int i;

	for (i = 0; i < DEMO_MAX_FRAGS; i++) {
		ring->spare[i] = page_pool_dev_alloc_netmems(ring->pool);
		if (!ring->spare[i])
			goto err;
	}

	return 0;

err:
	while (i--) {
		page_pool_put_full_netmem(ring->pool, ring->spare[i], false);
		ring->spare[i] = 0;
	}
	return -ENOMEM;
}

static void demo_use_spare(struct demo_rx_ring *ring, u32 index, int i)
{
	struct demo_rx_alloc *frag = &ring->frags[index];

	frag->netmem = ring->spare[i];
	frag->dma = page_pool_get_dma_addr_netmem(ring->spare[i]);
	ring->spare[i] = 0;
}

static int demo_complete_frags(struct demo_rx_ring *ring, struct sk_buff *skb,
			       u32 index, u32 len)
{
	struct demo_rx_alloc *frags = &ring->frags[index * DEMO_MAX_FRAGS];
	int nr;

	for (nr = 0; len && nr < DEMO_MAX_FRAGS; nr++) {
		u32 size = min(len, (u32)PAGE_SIZE);

		if (unlikely(!frags[nr].netmem))
			return -EINVAL;

		__skb_fill_netmem_desc(skb, nr, frags[nr].netmem,
				       frags[nr].page_offset, size);
		skb->truesize += PAGE_SIZE;
		frags[nr].netmem = 0;
		len -= size;
	}

	return nr;
}

static void demo_free_frags(struct demo_rx_ring *ring)
{
	u32 i;

	for (i = 0; i < ring->size * DEMO_MAX_FRAGS; i++) {
		if (!ring->frags[i].netmem)
			continue;
		page_pool_put_full_netmem(ring->pool, ring->frags[i].netmem,
					  false);
	}
	kvfree(ring->frags);
}
