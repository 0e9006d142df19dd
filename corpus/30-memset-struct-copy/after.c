// SPDX-License-Identifier: GPL-2.0-only
/* Slots are cleared by memset() and moved by structure assignment. */
#include "netmem_stub.h"

struct demo_slot {
	netmem_ref netmem;
	dma_addr_t dma;
	u32 offset;
};

struct demo_ring {
	struct demo_slot *slots;
	struct page_pool *pool;
	u32 count;
	u32 head;
};

static int demo_alloc(struct demo_ring *ring, struct demo_slot *slot)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(ring->pool);

	if (!netmem)
		return -ENOMEM;

	*slot = (struct demo_slot){};
	slot->netmem = netmem;
	slot->dma = page_pool_get_dma_addr_netmem(netmem);
	return 0;
}

static void demo_move(struct demo_slot *to, struct demo_slot *from)
{
	*to = *from;
	memset(from, 0, sizeof(*from));
}

static void demo_reuse(struct demo_ring *ring, u32 from)
{
	struct demo_slot *to = &ring->slots[ring->head];

	if (to->netmem || !ring->slots[from].netmem)
		return;

	demo_move(to, &ring->slots[from]);
	ring->head = (ring->head + 1) % ring->count;
}

static void demo_rx(struct demo_ring *ring, u32 i, struct sk_buff *skb, u32 len)
{
	struct demo_slot slot = ring->slots[i];

	/* the ring forgets the slot before the stack gets its page */
	memset(&ring->slots[i], 0, sizeof(ring->slots[i]));

	if (!len) {
		page_pool_recycle_direct_netmem(ring->pool, slot.netmem);
		return;
	}

	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, slot.netmem,
			       slot.offset, len, PAGE_SIZE);
}

static void demo_free(struct demo_ring *ring)
{
	u32 i;

	for (i = 0; i < ring->count; i++) {
		struct demo_slot *slot = &ring->slots[i];

		if (slot->netmem)
			page_pool_put_full_netmem(ring->pool, slot->netmem,
						  false);
		memset(slot, 0, sizeof(*slot));
	}
	kvfree(ring->slots);
}
