// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

#define DEMO_PAD 128

struct demo_desc {
	__le32 status;
	__le32 addr;
};

struct demo_walk {
	struct demo_desc *base;
	struct demo_desc *last;
	struct demo_desc *cur;
	unsigned int count;
	unsigned char size;
	unsigned char shift;
};

struct demo_buf {
	struct page *page;
};

struct demo_rx_ring {
	struct demo_walk walk;
	struct demo_buf bufs[64];
	struct page_pool *pool;
	struct device *dev;
};

struct demo_tx_ring {
	struct demo_walk walk;
	struct sk_buff *skbs[64];
	struct device *dev;
};

static struct demo_desc *demo_next(struct demo_desc *at, struct demo_walk *walk)
{
	return at >= walk->last ? walk->base :
		(struct demo_desc *)((void *)at + walk->size);
}

static int demo_number(struct demo_desc *at, struct demo_walk *walk)
{
	return ((const char *)at - (const char *)walk->base) >> walk->shift;
}

void demo_send(struct demo_tx_ring *ring, dma_addr_t dma)
{
	struct demo_desc *at = ring->walk.cur;

	at->addr = cpu_to_le32(dma);
	ring->walk.cur = demo_next(at, &ring->walk);
}

int demo_create(struct demo_rx_ring *ring)
{
	struct page_pool_params params = { 0 };

	dma_set_mask_and_coherent(ring->dev, DMA_BIT_MASK(32));
	params.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV;
	params.dev = ring->dev;
	params.dma_dir = DMA_FROM_DEVICE;
	params.offset = DEMO_PAD;
	ring->pool = page_pool_create(&params);
	return ring->pool ? 0 : -ENOMEM;
}

int demo_fill(struct demo_rx_ring *ring)
{
	struct demo_desc *at = ring->walk.base;
	struct page *page;
	dma_addr_t dma;
	int i;

	for (i = 0; i < ring->walk.count; i++) {
		page = page_pool_dev_alloc_pages(ring->pool);
		if (!page)
			return -ENOMEM;

		dma = page_pool_get_dma_addr(page) + DEMO_PAD;
		at->addr = cpu_to_le32(dma);
		ring->bufs[i].page = page;
		at = demo_next(at, &ring->walk);
	}
	return 0;
}

static int demo_refill(struct demo_rx_ring *ring, struct demo_desc *at, int i)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	if (!page)
		return -ENOMEM;

	ring->bufs[i].page = page;
	at->addr = cpu_to_le32(page_pool_get_dma_addr(page) + DEMO_PAD);
	return 0;
}

void demo_rx(struct demo_rx_ring *ring, struct sk_buff *skb, u16 len)
{
	struct demo_desc *at = ring->walk.cur;
	struct page *page;
	dma_addr_t dma;
	int i;

	while (at->status) {
		i = demo_number(at, &ring->walk);
		page = ring->bufs[i].page;
		if (demo_refill(ring, at, i))
			goto next;
		dma = le32_to_cpu(at->addr);

		dma_sync_single_for_cpu(ring->dev, dma, len, DMA_FROM_DEVICE);
		skb_add_rx_frag(skb, 0, page, DEMO_PAD, len, PAGE_SIZE);
next:
		at->status = 0;
		at = demo_next(at, &ring->walk);
	}
	ring->walk.cur = at;
}
