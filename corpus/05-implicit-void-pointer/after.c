// SPDX-License-Identifier: GPL-2.0-only
/* A pool page returned as `void *`, stored and taken back with no cast. */
#include "netmem_stub.h"

#define DEMO_RXQ_SIZE	512

struct demo_rxq {
	netmem_ref *buf_netmem;
	dma_addr_t *buf_dma;
	struct page_pool *pool;
	u16 next;
};

static netmem_ref demo_rxq_take(struct demo_rxq *rxq, u16 i)
{
	netmem_ref data = rxq->buf_netmem[i];

	rxq->buf_netmem[i] = 0;
	return data;
}

static int demo_rxq_refill(struct demo_rxq *rxq, u16 i, gfp_t gfp)
{
	netmem_ref netmem;

	netmem = page_pool_alloc_netmems(rxq->pool, gfp | __GFP_NOWARN);
	if (!netmem)
		return -ENOMEM;

	rxq->buf_netmem[i] = netmem;
	rxq->buf_dma[i] = page_pool_get_dma_addr_netmem(netmem);
	return 0;
}

static void demo_rxq_add_frag(struct demo_rxq *rxq, struct sk_buff *skb,
			      u16 i, int len)
{
	netmem_ref netmem = demo_rxq_take(rxq, i);

	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, netmem, 0, len,
			       PAGE_SIZE);
}

static void demo_rxq_drop(struct demo_rxq *rxq)
{
	u16 i;

	for (i = 0; i < DEMO_RXQ_SIZE; i++) {
		netmem_ref data = demo_rxq_take(rxq, i);

		if (!data)
			continue;

		page_pool_put_full_netmem(rxq->pool, data, false);
	}
}

static int demo_rxq_init(struct demo_rxq *rxq)
{
	rxq->buf_netmem = kcalloc(DEMO_RXQ_SIZE, sizeof(*rxq->buf_netmem),
				  GFP_KERNEL);
	if (!rxq->buf_netmem)
		return -ENOMEM;

	rxq->buf_dma = kcalloc(DEMO_RXQ_SIZE, sizeof(*rxq->buf_dma),
			       GFP_KERNEL);
	if (!rxq->buf_dma) {
		kfree(rxq->buf_netmem);
		return -ENOMEM;
	}

	return 0;
}
