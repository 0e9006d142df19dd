// SPDX-License-Identifier: GPL-2.0-only
/* CPU syncs already go through the pool. */
#include "netmem_stub.h"

#define DEMO_COPYBREAK	128

struct demo_rx_info {
	netmem_ref netmem;
	dma_addr_t dma;
	u32 page_offset;
};

struct demo_rxq {
	struct demo_rx_info *info;
	struct page_pool *page_pool;
	u32 buf_len;
	u16 mask;
	u16 next;
};

static int demo_fill(struct demo_rxq *rxq, struct demo_rx_info *info)
{
	netmem_ref netmem;
	u32 offset;

	netmem = page_pool_alloc_frag_netmem(rxq->page_pool, &offset,
					     rxq->buf_len,
					     GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!netmem))
		return -ENOMEM;

	info->netmem = netmem;
	info->page_offset = offset;
	info->dma = page_pool_get_dma_addr_netmem(netmem);
	return 0;
}

static void demo_add_frag(struct demo_rxq *rxq, struct demo_rx_info *info,
			  struct sk_buff *skb, u32 size)
{
	netmem_ref netmem;
	u8 *va;

	netmem = info->netmem;
	page_pool_dma_sync_netmem_for_cpu(rxq->page_pool, netmem,
					  info->page_offset, size);

	if (size <= DEMO_COPYBREAK) {
		va = (u8 *)netmem_address(netmem) + info->page_offset;
		net_prefetch(va);
		skb_put_data(skb, va, size);
		page_pool_put_full_netmem(rxq->page_pool, netmem, false);
	} else {
		skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, netmem,
				       info->page_offset, size, rxq->buf_len);
	}
	info->netmem = 0;
}

static void demo_peek(struct demo_rxq *rxq, u32 len)
{
	struct demo_rx_info *info = &rxq->info[rxq->next & rxq->mask];

	page_pool_dma_sync_netmem_for_cpu(rxq->page_pool, info->netmem,
					  info->page_offset, len);
	net_prefetch(netmem_address(info->netmem) + info->page_offset);
}

static void demo_free(struct demo_rxq *rxq)
{
	u32 i;

	for (i = 0; i <= rxq->mask; i++) {
		struct demo_rx_info *info = &rxq->info[i];

		if (!info->netmem)
			continue;

		page_pool_put_full_netmem(rxq->page_pool, info->netmem, false);
		info->netmem = 0;
	}
}
