// SPDX-License-Identifier: GPL-2.0-only
/* Payload in a typed slot, headers in a `void *`: one moves, one does not. */
#include "netmem_stub.h"

struct demo_agg_buf {
	struct page *page;
	dma_addr_t dma;
};

struct demo_hdr_buf {
	void *data;
	dma_addr_t dma;
	bool is_page;
};

struct demo_rxr {
	struct demo_agg_buf agg[128];
	struct demo_hdr_buf hdr[128];
	struct page_pool *hdr_pool;
	struct page_pool *pool;
};

static int demo_alloc_agg(struct demo_rxr *rxr, struct demo_agg_buf *agg)
{
	agg->page = page_pool_dev_alloc_pages(rxr->pool);
	if (!agg->page)
		return -ENOMEM;

	agg->dma = page_pool_get_dma_addr(agg->page);
	return 0;
}

static int demo_alloc_hdr(struct demo_rxr *rxr, struct demo_hdr_buf *hdr)
{
	struct page *page;

	if (!hdr->is_page) {
		hdr->data = kmalloc(256, GFP_ATOMIC);
		return hdr->data ? 0 : -ENOMEM;
	}

	page = page_pool_dev_alloc_pages(rxr->hdr_pool);
	if (!page)
		return -ENOMEM;

	hdr->data = page;
	hdr->dma = page_pool_get_dma_addr(page);
	return 0;
}

static void demo_rx(struct demo_agg_buf *agg, struct sk_buff *skb, u32 len)
{
	skb_add_rx_frag(skb, 0, agg->page, 0, len, PAGE_SIZE);
	agg->page = NULL;
}

static void demo_free(struct demo_rxr *rxr, int i)
{
	struct demo_hdr_buf *hdr = &rxr->hdr[i];

	if (rxr->agg[i].page)
		page_pool_put_full_page(rxr->pool, rxr->agg[i].page, false);
	rxr->agg[i].page = NULL;

	if (!hdr->data)
		return;

	if (hdr->is_page)
		page_pool_recycle_direct(rxr->hdr_pool, hdr->data);
	else
		kfree(hdr->data);
	hdr->data = NULL;
}
