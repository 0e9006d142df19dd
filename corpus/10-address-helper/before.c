// SPDX-License-Identifier: GPL-2.0-only
/* A helper takes a pool page and returns its address only. */
#include "netmem_stub.h"

struct demo_sw_bd {
	void *data;
	dma_addr_t mapping;
};

struct demo_rxr {
	struct demo_sw_bd bd[256];
	struct page_pool *head_pool;
	unsigned int buf_size;
	u16 prod;
};

static void *demo_get_frag(struct demo_rxr *rxr, dma_addr_t *mapping,
			   gfp_t gfp)
{
	unsigned int offset;
	struct page *page;

	page = page_pool_alloc_frag(rxr->head_pool, &offset, rxr->buf_size,
				    gfp);
	if (!page)
		return NULL;

	*mapping = page_pool_get_dma_addr(page) + offset;
	return page_address(page) + offset;
}

static void *demo_get_buf(struct page_pool *pool, dma_addr_t *dma)
{
	struct page *page;

	page = page_pool_alloc_pages(pool, GFP_ATOMIC | __GFP_NOWARN);
	if (!page)
		return NULL;

	*dma = page_pool_get_dma_addr(page) + XDP_PACKET_HEADROOM;
	if (unlikely(*dma >> 40)) {
		page_pool_put_full_page(pool, page, false);
		return NULL;
	}

	return page_address(page);
}

static int demo_rx_fill(struct demo_rxr *rxr, bool whole, gfp_t gfp)
{
	struct demo_sw_bd *bd = &rxr->bd[rxr->prod];

	if (whole)
		bd->data = demo_get_buf(rxr->head_pool, &bd->mapping);
	else
		bd->data = demo_get_frag(rxr, &bd->mapping, gfp);
	if (!bd->data)
		return -ENOMEM;

	rxr->prod = (rxr->prod + 1) % ARRAY_SIZE(rxr->bd);
	return 0;
}

static struct sk_buff *demo_rx_build(struct demo_rxr *rxr,
				     struct demo_sw_bd *bd, u32 len)
{
	struct sk_buff *skb = napi_build_skb(bd->data, rxr->buf_size);

	if (!skb) {
		page_pool_free_va(rxr->head_pool, bd->data, true);
		return NULL;
	}

	skb_mark_for_recycle(skb);
	skb_put(skb, len);
	return skb;
}
