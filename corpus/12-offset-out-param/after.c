// SPDX-License-Identifier: GPL-2.0-only
/* Allocators that give the offset, and the size, through out-parameters. */
#include "netmem_stub.h"

struct demo_rx_info {
	netmem_ref netmem;
	dma_addr_t dma;
	unsigned int offset;
	unsigned int truesize;
};

struct demo_rxq {
	struct demo_rx_info *info;
	struct page_pool *pool;
	unsigned int buf_len;
	bool whole_frames;
};

static int demo_alloc_mapped(struct demo_rxq *rxq, struct demo_rx_info *info)
{
	unsigned int offset;
	netmem_ref netmem;

	netmem = page_pool_alloc_frag_netmem(rxq->pool, &offset, rxq->buf_len,
					     GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!netmem))
		return -ENOMEM;

	info->netmem = netmem;
	info->offset = offset;
	info->truesize = rxq->buf_len;
	info->dma = page_pool_get_dma_addr_netmem(netmem) + offset;
	return 0;
}

static int demo_alloc_sized(struct demo_rxq *rxq, struct demo_rx_info *info,
			    gfp_t gfp)
{
	info->truesize = rxq->buf_len;
	info->netmem = page_pool_alloc_netmem(rxq->pool, &info->offset,
					      &info->truesize, gfp);
	if (unlikely(!info->netmem))
		return -ENOMEM;

	info->dma = page_pool_get_dma_addr_netmem(info->netmem) + info->offset;
	return 0;
}

static int demo_alloc_gfp(struct demo_rxq *rxq, struct demo_rx_info *info,
			  gfp_t gfp)
{
	info->netmem = page_pool_alloc_frag_netmem(rxq->pool, &info->offset,
						   rxq->buf_len, gfp);
	if (unlikely(!info->netmem))
		return -ENOMEM;

	info->truesize = rxq->buf_len;
	info->dma = page_pool_get_dma_addr_netmem(info->netmem) + info->offset;
	return 0;
}

static int demo_rx_fill(struct demo_rxq *rxq, struct demo_rx_info *info,
			gfp_t gfp)
{
	if (rxq->whole_frames)
		return demo_alloc_sized(rxq, info, gfp);
	if (gfp == GFP_ATOMIC)
		return demo_alloc_mapped(rxq, info);
	return demo_alloc_gfp(rxq, info, gfp);
}

static void demo_add_frag(struct demo_rx_info *info, struct sk_buff *skb,
			  u32 len)
{
	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, info->netmem,
			       info->offset, len, info->truesize);
	info->netmem = 0;
}

static void demo_free(struct demo_rxq *rxq, struct demo_rx_info *info)
{
	if (info->netmem)
		page_pool_put_full_netmem(rxq->pool, info->netmem, false);
	info->netmem = 0;
}
