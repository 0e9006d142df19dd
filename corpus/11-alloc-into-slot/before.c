// SPDX-License-Identifier: GPL-2.0-only
/* Pool allocations assigned straight into a field or an array element. */
#include "netmem_stub.h"

#define DEMO_MAX_FRAGS	4

struct demo_rx_alloc {
	struct page	*page;
	dma_addr_t	dma;
	u32		page_offset;
};

struct demo_rx_ring {
	struct demo_rx_alloc	*frags;
	struct page_pool	*pool;
	struct page		*spare[DEMO_MAX_FRAGS];
	u32			size;
};

static int demo_alloc_frag(struct demo_rx_ring *ring,
			   struct demo_rx_alloc *frag, gfp_t gfp)
{
	frag->page = page_pool_alloc_pages(ring->pool, gfp);
	if (unlikely(!frag->page))
		return -ENOMEM;

	frag->dma = page_pool_get_dma_addr(frag->page);
	frag->page_offset = 0;
	return 0;
}

static int demo_alloc_spares(struct demo_rx_ring *ring)
{
	int i;

	for (i = 0; i < DEMO_MAX_FRAGS; i++) {
		ring->spare[i] = page_pool_dev_alloc_pages(ring->pool);
		if (!ring->spare[i])
			goto err;
	}

	return 0;

err:
	while (i--) {
		page_pool_put_full_page(ring->pool, ring->spare[i], false);
		ring->spare[i] = NULL;
	}
	return -ENOMEM;
}

static void demo_use_spare(struct demo_rx_ring *ring, u32 index, int i)
{
	struct demo_rx_alloc *frag = &ring->frags[index];

	frag->page = ring->spare[i];
	frag->dma = page_pool_get_dma_addr(ring->spare[i]);
	ring->spare[i] = NULL;
}

static int demo_complete_frags(struct demo_rx_ring *ring, struct sk_buff *skb,
			       u32 index, u32 len)
{
	struct demo_rx_alloc *frags = &ring->frags[index * DEMO_MAX_FRAGS];
	int nr;

	for (nr = 0; len && nr < DEMO_MAX_FRAGS; nr++) {
		u32 size = min(len, (u32)PAGE_SIZE);

		if (unlikely(!frags[nr].page))
			return -EINVAL;

		__skb_fill_page_desc(skb, nr, frags[nr].page,
				     frags[nr].page_offset, size);
		skb->truesize += PAGE_SIZE;
		frags[nr].page = NULL;
		len -= size;
	}

	return nr;
}

static void demo_free_frags(struct demo_rx_ring *ring)
{
	u32 i;

	for (i = 0; i < ring->size * DEMO_MAX_FRAGS; i++) {
		if (!ring->frags[i].page)
			continue;
		page_pool_put_full_page(ring->pool, ring->frags[i].page, false);
	}
	kvfree(ring->frags);
}
