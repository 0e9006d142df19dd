// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

#define DEMO_PAD 128

struct demo_buf {
	struct page *page;
	u32 offset;
};

struct demo_ring {
	struct device *dev;
	struct device *card;
	struct page_pool *pool;
	struct demo_buf *bufs;
};

void demo_begin(struct demo_ring *ring, struct device *card)
{
	ring->card = card;
}

void demo_probe(struct demo_ring *ring, struct device *card)
{
	ring->dev = card->parent;
}

int demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = { 0 };

	params.flags = PP_FLAG_DMA_MAP;
	params.dev = ring->card->parent;
	params.dma_dir = DMA_FROM_DEVICE;
	ring->pool = page_pool_create(&params);
	return ring->pool ? 0 : -ENOMEM;
}

int demo_fill(struct demo_ring *ring, int i, __le64 *desc)
{
	struct demo_buf *buf = &ring->bufs[i];
	dma_addr_t dma;

	buf->page = page_pool_dev_alloc_pages(ring->pool);
	if (!buf->page)
		return -ENOMEM;

	buf->offset = DEMO_PAD;
	dma = page_pool_get_dma_addr(buf->page);
	*desc = cpu_to_le64(dma + buf->offset);
	return 0;
}

void demo_rx(struct demo_ring *ring, int i, struct sk_buff *skb, u32 len)
{
	struct demo_buf *buf = &ring->bufs[i];
	dma_addr_t dma;

	dma = page_pool_get_dma_addr(buf->page);
	dma += buf->offset;
	dma_sync_single_for_cpu(ring->dev, dma, len, DMA_FROM_DEVICE);
	skb_add_rx_frag(skb, 0, buf->page, buf->offset, len, PAGE_SIZE);
	buf->page = NULL;
}
