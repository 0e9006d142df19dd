// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

#define DEMO_PAD 128

struct demo_buf {
	struct page *page;
	dma_addr_t dma;
};

struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
	struct demo_buf *bufs;
};

int demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = { 0 };

	params.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV;
	params.dev = ring->dev;
	params.dma_dir = DMA_FROM_DEVICE;
	params.offset = DEMO_PAD;
	ring->pool = page_pool_create(&params);
	return ring->pool ? 0 : -ENOMEM;
}

int demo_fill(struct demo_ring *ring, int i, __le64 *desc)
{
	struct demo_buf *buf = &ring->bufs[i];

	buf->page = page_pool_dev_alloc_pages(ring->pool);
	if (!buf->page)
		return -ENOMEM;

	buf->dma = page_pool_get_dma_addr(buf->page);
	*desc = cpu_to_le64(buf->dma + DEMO_PAD);
	return 0;
}

void demo_rx(struct demo_ring *ring, int i, struct sk_buff *skb, u32 len)
{
	struct demo_buf *buf = &ring->bufs[i];

	dma_sync_single_range_for_cpu(ring->dev, buf->dma, DEMO_PAD, len,
				      DMA_BIDIRECTIONAL);
	skb_add_rx_frag(skb, 0, buf->page, DEMO_PAD, len, PAGE_SIZE);
	buf->page = NULL;
}
