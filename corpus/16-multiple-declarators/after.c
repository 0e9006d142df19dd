// SPDX-License-Identifier: GPL-2.0-only
/* One declaration of two pages, of which only one is pool memory. */
#include "netmem_stub.h"

struct demo_rx_desc {
	netmem_ref netmem;
	struct page *hdr_page;
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
	struct page *hdr_page;
	dma_addr_t hdr_dma;
	netmem_ref netmem;

	netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!netmem)
		return -ENOMEM;

	hdr_page = alloc_page(GFP_ATOMIC);
	if (!hdr_page)
		goto err_put;

	hdr_dma = dma_map_page(dev, hdr_page, 0, PAGE_SIZE, DMA_FROM_DEVICE);
	if (dma_mapping_error(dev, hdr_dma))
		goto err_free;

	desc->netmem = netmem;
	desc->dma = page_pool_get_dma_addr_netmem(netmem);
	desc->hdr_page = hdr_page;
	desc->hdr_dma = hdr_dma;
	return 0;

err_free:
	__free_page(hdr_page);
err_put:
	page_pool_put_full_netmem(ring->pool, netmem, true);
	return -ENOMEM;
}

static void demo_rx_swap(struct demo_rx_desc *a, struct demo_rx_desc *b)
{
	netmem_ref old = a->netmem, other = b->netmem;

	a->netmem = other;
	b->netmem = old;
}

static void demo_rx_frag(struct demo_rx_desc *desc, struct sk_buff *skb,
			 u32 hlen, u32 len)
{
	skb_put_data(skb, page_address(desc->hdr_page), hlen);
	skb_add_rx_frag_netmem(skb, 0, desc->netmem, 0, len, PAGE_SIZE);
	desc->netmem = 0;
}

static void demo_rx_free(struct demo_rx_ring *ring, struct demo_rx_desc *desc)
{
	if (desc->netmem)
		page_pool_put_full_netmem(ring->pool, desc->netmem, false);
	if (desc->hdr_page) {
		dma_unmap_page(ring->dev, desc->hdr_dma, PAGE_SIZE,
			       DMA_FROM_DEVICE);
		__free_page(desc->hdr_page);
	}
	desc->hdr_page = NULL;
	desc->netmem = 0;
}
