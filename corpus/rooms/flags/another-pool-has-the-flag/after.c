// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	netmem_ref netmem;
	u32 offset;
};

struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
	struct page_pool *heads;
	struct page *head;
	struct demo_buf *bufs;
};

int demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
		.max_len = PAGE_SIZE,
	};

	ring->pool = page_pool_create(&params);
	return ring->pool ? 0 : -ENOMEM;
}

int demo_fill(struct demo_ring *ring, struct demo_buf *buf, __le64 *desc)
{
	dma_addr_t dma;

	buf->netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!buf->netmem)
		return -ENOMEM;

	dma = page_pool_get_dma_addr_netmem(buf->netmem);
	*desc = cpu_to_le64(dma);
	return 0;
}

void demo_rx(struct demo_ring *ring, struct demo_buf *buf, struct sk_buff *skb,
	     u32 len)
{
	page_pool_dma_sync_netmem_for_cpu(ring->pool, buf->netmem, 0, len);
	if (skb)
		skb_add_rx_frag_netmem(skb, 0, buf->netmem, 0, len, PAGE_SIZE);
	else
		page_pool_put_netmem(ring->pool, buf->netmem, -1, true);
	buf->netmem = 0;
}

void demo_free(struct demo_ring *ring, struct demo_buf *buf)
{
	if (buf->netmem)
		page_pool_put_full_netmem(ring->pool, buf->netmem, false);
	buf->netmem = 0;
}

int demo_create_heads(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
		.max_len = PAGE_SIZE,
	};

	ring->heads = page_pool_create(&params);
	return ring->heads ? 0 : -ENOMEM;
}

void demo_free_head(struct demo_ring *ring)
{
	page_pool_put_page(ring->heads, ring->head, 128, false);
	ring->head = NULL;
}
