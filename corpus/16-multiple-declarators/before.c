// SPDX-License-Identifier: GPL-2.0-only
/* One declaration of two pages, of which only one is pool memory. */
#include "netmem_stub.h"

struct demo_rx_desc {
	struct page *page, *hdr_page;
	dma_addr_t dma, hdr_dma;
};

struct demo_rx_ring {
	struct demo_rx_desc desc[64];
	struct page_pool *pool;
	struct device *dev;
};

static int demo_rx_refill(struct demo_rx_ring *ring, struct demo_rx_desc *desc)
{
	struct device *dev = ring->dev;
	struct page *page, *hdr_page;
	dma_addr_t hdr_dma;

	page = page_pool_dev_alloc_pages(ring->pool);
	if (!page)
		return -ENOMEM;

	hdr_page = alloc_page(GFP_ATOMIC);
	if (!hdr_page)
		goto err_put;

	hdr_dma = dma_map_page(dev, hdr_page, 0, PAGE_SIZE, DMA_FROM_DEVICE);
	if (dma_mapping_error(dev, hdr_dma))
		goto err_free;

	desc->page = page;
	desc->dma = page_pool_get_dma_addr(page);
	desc->hdr_page = hdr_page;
	desc->hdr_dma = hdr_dma;
	return 0;

err_free:
	__free_page(hdr_page);
err_put:
	page_pool_put_full_page(ring->pool, page, true);
	return -ENOMEM;
}

static void demo_rx_swap(struct demo_rx_desc *a, struct demo_rx_desc *b)
{
	struct page *old = a->page, *other = b->page;

	a->page = other;
	b->page = old;
}

static void demo_rx_frag(struct demo_rx_desc *desc, struct sk_buff *skb,
			 u32 hlen, u32 len)
{
	skb_put_data(skb, page_address(desc->hdr_page), hlen);
	skb_add_rx_frag(skb, 0, desc->page, 0, len, PAGE_SIZE);
	desc->page = NULL;
}

static void demo_rx_free(struct demo_rx_ring *ring, struct demo_rx_desc *desc)
{
	if (desc->page)
		page_pool_put_full_page(ring->pool, desc->page, false);
	if (desc->hdr_page) {
		dma_unmap_page(ring->dev, desc->hdr_dma, PAGE_SIZE,
			       DMA_FROM_DEVICE);
		__free_page(desc->hdr_page);
	}
	desc->hdr_page = NULL;
	desc->page = NULL;
}
