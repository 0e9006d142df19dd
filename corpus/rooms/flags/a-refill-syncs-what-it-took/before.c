// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	struct page *page;
	u32 offset;
};

struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
	struct demo_buf *bufs;
};

int demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP,
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
	};

	ring->pool = page_pool_create(&params);
	return ring->pool ? 0 : -ENOMEM;
}

int demo_fill(struct demo_ring *ring, struct demo_buf *buf, __le64 *desc)
{
	dma_addr_t dma;

	buf->page = page_pool_dev_alloc_pages(ring->pool);
	if (!buf->page)
		return -ENOMEM;

	dma = page_pool_get_dma_addr(buf->page);
	dma_sync_single_for_device(ring->dev, dma, PAGE_SIZE, DMA_FROM_DEVICE);
	*desc = cpu_to_le64(dma);
	return 0;
}

void demo_rx(struct demo_ring *ring, struct demo_buf *buf, struct sk_buff *skb,
	     u32 len)
{
	page_pool_dma_sync_for_cpu(ring->pool, buf->page, 0, len);
	if (skb)
		skb_add_rx_frag(skb, 0, buf->page, 0, len, PAGE_SIZE);
	else
		page_pool_put_page(ring->pool, buf->page, 0, true);
	buf->page = NULL;
}

void demo_free(struct demo_ring *ring, struct demo_buf *buf)
{
	if (buf->page)
		page_pool_put_full_page(ring->pool, buf->page, false);
	buf->page = NULL;
}
