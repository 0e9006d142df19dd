// SPDX-License-Identifier: GPL-2.0-only
/* The header page beside the payload page is no pool memory: it stays. */
#include "netmem_stub.h"

#define DEMO_HDR_SIZE	256

/**
 * struct demo_rx_meta - what one descriptor refers to
 * @page: payload, from the pool
 * @hdr_page: headers, mapped by the driver
 * @hdr_dma: DMA address of @hdr_page
 * @offset: where the payload starts in @page
 */
struct demo_rx_meta {
	struct page *page;
	struct page *hdr_page;
	dma_addr_t hdr_dma;
	u32 offset;
};

struct demo_rx {
	struct demo_rx_meta meta[64];
	struct napi_struct *napi;
	struct page_pool *pool;
	struct device *dev;
};

static int demo_alloc_payload(struct demo_rx *rx, struct demo_rx_meta *meta)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(rx->pool);
	if (!page)
		return -ENOMEM;

	meta->page = page;
	meta->offset = 0;
	return 0;
}

static int demo_alloc_hdr(struct demo_rx *rx, struct demo_rx_meta *meta)
{
	struct page *page;

	page = alloc_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;

	meta->hdr_dma = dma_map_page(rx->dev, page, 0, PAGE_SIZE,
				     DMA_FROM_DEVICE);
	if (dma_mapping_error(rx->dev, meta->hdr_dma)) {
		put_page(page);
		return -ENOMEM;
	}

	meta->hdr_page = page;
	return 0;
}

static struct sk_buff *demo_build_skb(struct demo_rx *rx,
				      struct demo_rx_meta *meta, u32 hlen,
				      u32 len)
{
	struct sk_buff *skb;

	dma_sync_single_for_cpu(rx->dev, meta->hdr_dma, hlen, DMA_FROM_DEVICE);

	skb = napi_alloc_skb(rx->napi, DEMO_HDR_SIZE);
	if (!skb)
		return NULL;

	skb_put_data(skb, page_address(meta->hdr_page), hlen);
	skb_add_rx_frag(skb, 0, meta->page, meta->offset, len, PAGE_SIZE);
	skb_mark_for_recycle(skb);
	meta->page = NULL;

	return skb;
}

static void demo_free_meta(struct demo_rx *rx, struct demo_rx_meta *meta)
{
	if (meta->page)
		page_pool_put_full_page(rx->pool, meta->page, false);
	meta->page = NULL;

	if (meta->hdr_page) {
		dma_unmap_page(rx->dev, meta->hdr_dma, PAGE_SIZE,
			       DMA_FROM_DEVICE);
		put_page(meta->hdr_page);
	}
	meta->hdr_page = NULL;
}
