// SPDX-License-Identifier: GPL-2.0-only
/* Head buffers are addresses by design; the payload is converted already. */
#include "netmem_stub.h"

struct demo_rx_bd {
	u8 *data;
	dma_addr_t mapping;
};

struct demo_agg_bd {
	netmem_ref netmem;
	dma_addr_t mapping;
};

struct demo_rxr {
	struct demo_rx_bd rx[64];
	struct demo_agg_bd agg[64];
	struct page_pool *head_pool;
	struct page_pool *pool;
	unsigned int buf_size;
};

static int demo_alloc_head(struct demo_rxr *rxr, int i)
{
	unsigned int size = rxr->buf_size;
	void *va;

	va = page_pool_dev_alloc_va(rxr->head_pool, &size);
	if (!va)
		return -ENOMEM;

	rxr->rx[i].data = va;
	return 0;
}

static int demo_alloc_agg(struct demo_rxr *rxr, int i)
{
	netmem_ref netmem;

	netmem = page_pool_alloc_netmems(rxr->pool, GFP_ATOMIC);
	if (!netmem)
		return -ENOMEM;

	rxr->agg[i].netmem = netmem;
	rxr->agg[i].mapping = page_pool_get_dma_addr_netmem(netmem);
	return 0;
}

static struct sk_buff *demo_build(struct demo_rxr *rxr, int i, int agg, u32 len)
{
	struct sk_buff *skb;

	skb = napi_build_skb(rxr->rx[i].data, rxr->buf_size);
	if (!skb) {
		page_pool_free_va(rxr->head_pool, rxr->rx[i].data, true);
		rxr->rx[i].data = NULL;
		return NULL;
	}

	skb_mark_for_recycle(skb);
	rxr->rx[i].data = NULL;
	page_pool_dma_sync_netmem_for_cpu(rxr->pool, rxr->agg[agg].netmem, 0,
					  len);
	skb_add_rx_frag_netmem(skb, 0, rxr->agg[agg].netmem, 0, len, PAGE_SIZE);
	rxr->agg[agg].netmem = 0;
	return skb;
}

static void demo_free(struct demo_rxr *rxr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rxr->rx); i++) {
		if (rxr->rx[i].data)
			page_pool_free_va(rxr->head_pool, rxr->rx[i].data,
					  false);
		rxr->rx[i].data = NULL;
	}

	for (i = 0; i < ARRAY_SIZE(rxr->agg); i++) {
		if (rxr->agg[i].netmem)
			page_pool_put_full_netmem(rxr->pool, rxr->agg[i].netmem,
						  false);
		rxr->agg[i].netmem = 0;
	}
}
