// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_desc {
	__le32 addr;
	__le32 status;
};

struct demo_buf {
	struct page *page;
	unsigned int offset;
};

struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
	struct demo_desc *descs;
	struct demo_buf *bufs;
	unsigned int count;
	unsigned int next;
};

void demo_lend(void *memory);

int demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP,
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
	};

	ring->pool = page_pool_create(&params);
	if (!ring->pool)
		return -ENOMEM;
	ring->bufs = kcalloc(ring->count, sizeof(*ring->bufs), GFP_KERNEL);
	if (!ring->bufs)
		return -ENOMEM;
	ring->descs = kcalloc(ring->count, sizeof(*ring->descs), GFP_KERNEL);
	demo_lend(ring->descs);
	return ring->descs ? 0 : -ENOMEM;
}

int demo_fill(struct demo_ring *ring, int i)
{
	struct demo_desc *desc = &ring->descs[i];
	struct demo_buf *buf = &ring->bufs[i];
	unsigned int size = 2048;

	buf->page = page_pool_alloc(ring->pool, &buf->offset, &size,
				    GFP_ATOMIC);
	if (!buf->page)
		return -ENOMEM;

	desc->addr = cpu_to_le32(page_pool_get_dma_addr(buf->page) +
				 buf->offset);
	return 0;
}

void demo_rx(struct demo_ring *ring, struct sk_buff *skb)
{
	struct demo_desc *desc;
	struct demo_buf *buf;
	unsigned int i;
	u32 len;

	i = ring->next % ring->count;
	desc = &ring->descs[i];
	len = le32_to_cpu(desc->status) & 0xfff;
	buf = &ring->bufs[i];
	dma_sync_single_for_cpu(ring->dev, le32_to_cpu(desc->addr), len,
				DMA_FROM_DEVICE);
	skb_add_rx_frag(skb, 0, buf->page, buf->offset, len, PAGE_SIZE);
	buf->page = NULL;
}
