// SPDX-License-Identifier: GPL-2.0-only
/* Allocators that give the offset, and the size, through out-parameters. */
#include "netmem_stub.h"

struct demo_rx_info {
	struct page *page;
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
	struct page *page;

	page = page_pool_dev_alloc_frag(rxq->pool, &offset, rxq->buf_len);
	if (unlikely(!page))
		return -ENOMEM;

	info->page = page;
	info->offset = offset;
	info->truesize = rxq->buf_len;
	info->dma = page_pool_get_dma_addr(page) + offset;
	return 0;
}

static int demo_alloc_sized(struct demo_rxq *rxq, struct demo_rx_info *info,
			    gfp_t gfp)
{
	info->truesize = rxq->buf_len;
	info->page = page_pool_alloc(rxq->pool, &info->offset, &info->truesize,
				     gfp);
	if (unlikely(!info->page))
		return -ENOMEM;

	info->dma = page_pool_get_dma_addr(info->page) + info->offset;
	return 0;
}

static int demo_alloc_gfp(struct demo_rxq *rxq, struct demo_rx_info *info,
			  gfp_t gfp)
{
	info->page = page_pool_alloc_frag(rxq->pool, &info->offset,
					  rxq->buf_len, gfp);
	if (unlikely(!info->page))
		return -ENOMEM;

	info->truesize = rxq->buf_len;
	info->dma = page_pool_get_dma_addr(info->page) + info->offset;
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
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, info->page,
			info->offset, len, info->truesize);
	info->page = NULL;
}

static void demo_free(struct demo_rxq *rxq, struct demo_rx_info *info)
{
	if (info->page)
		page_pool_put_full_page(rxq->pool, info->page, false);
	info->page = NULL;
}
