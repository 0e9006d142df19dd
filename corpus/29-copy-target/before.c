// SPDX-License-Identifier: GPL-2.0-only
/* The device writes elsewhere; a pool page is only what frames are copied to */
#include "netmem_stub.h"

#define DEMO_RX_ORDER	4

struct demo_intf {
	struct page *ring_page;
	void *ring_va;
	dma_addr_t ring_dma;
	struct page_pool *pool;
	struct device *dev;
	u32 read;
	u32 size;
};

static int demo_ring_alloc(struct demo_intf *intf)
{
	struct page *page;

	page = alloc_pages(GFP_KERNEL, DEMO_RX_ORDER);
	if (!page)
		return -ENOMEM;

	intf->ring_page = page;
	intf->ring_va = page_to_virt(page);
	intf->size = PAGE_SIZE << DEMO_RX_ORDER;
	intf->ring_dma = dma_map_page(intf->dev, page, 0, intf->size,
				      DMA_FROM_DEVICE);
	return dma_mapping_error(intf->dev, intf->ring_dma);
}

static struct sk_buff *demo_rx_copy(struct demo_intf *intf, u32 len)
{
	dma_addr_t dma = intf->ring_dma + intf->read;
	struct sk_buff *skb;
	struct page *page;

	dma_sync_single_for_cpu(intf->dev, dma, len, DMA_FROM_DEVICE);

	page = page_pool_dev_alloc_pages(intf->pool);
	if (!page)
		return NULL;

	skb = napi_build_skb(page_address(page), PAGE_SIZE);
	if (!skb) {
		page_pool_recycle_direct(intf->pool, page);
		return NULL;
	}

	skb_reserve(skb, NET_SKB_PAD);
	skb_put(skb, len);
	skb_mark_for_recycle(skb);
	memcpy(skb->data, intf->ring_va + intf->read, len);

	dma_sync_single_for_device(intf->dev, dma, len, DMA_FROM_DEVICE);
	intf->read = (intf->read + len) % intf->size;
	return skb;
}

static void demo_ring_free(struct demo_intf *intf)
{
	dma_unmap_page(intf->dev, intf->ring_dma, intf->size, DMA_FROM_DEVICE);
	put_page(intf->ring_page);
	page_pool_destroy(intf->pool);
}
