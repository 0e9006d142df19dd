// SPDX-License-Identifier: GPL-2.0-only
/* A pool page handed to the caller through a `struct page **`. */
#include "netmem_stub.h"

struct demo_slot {
	netmem_ref netmem;
	dma_addr_t dma;
};

struct demo_rxq {
	struct demo_slot slots[64];
	struct page_pool *pool;
	u64 alloc_fail;
};

static int demo_alloc_page(struct demo_rxq *rxq, netmem_ref *netmem,
			   dma_addr_t *dma, gfp_t gfp)
{
	*netmem = page_pool_alloc_netmems(rxq->pool, gfp);
	if (!*netmem) {
		rxq->alloc_fail++;
		return -ENOMEM;
	}

	*dma = page_pool_get_dma_addr_netmem(*netmem);
	return 0;
}

static int demo_fill(struct demo_rxq *rxq)
{
	struct demo_slot *slot;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(rxq->slots); i++) {
		slot = &rxq->slots[i];
		err = demo_alloc_page(rxq, &slot->netmem, &slot->dma,
				      GFP_KERNEL);
		if (err)
			return err;
	}

	return 0;
}

static int demo_replace(struct demo_rxq *rxq, struct demo_slot *slot,
			struct sk_buff *skb, u32 len)
{
	netmem_ref new_netmem;
	dma_addr_t dma;
	int err;

	err = demo_alloc_page(rxq, &new_netmem, &dma, GFP_ATOMIC);
	if (err)
		return err;

	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, slot->netmem, 0,
			       len, PAGE_SIZE);
	slot->netmem = new_netmem;
	slot->dma = dma;
	return 0;
}

static void demo_drain(struct demo_rxq *rxq)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rxq->slots); i++) {
		struct demo_slot *slot = &rxq->slots[i];

		if (slot->netmem)
			page_pool_put_full_netmem(rxq->pool, slot->netmem,
						  false);
		slot->netmem = 0;
	}
}
