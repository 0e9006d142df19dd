// SPDX-License-Identifier: GPL-2.0-only
/* A slot that holds a pool page, or an ordinary one when the pool is dry. */
#include "netmem_stub.h"

struct demo_rx_buf {
	netmem_ref netmem;
	dma_addr_t dma;
	bool from_pool;
};

struct demo_rx_ring {
	struct demo_rx_buf buf[128];
	struct page_pool *pool;
	struct device *dev;
	u64 fallbacks;
};

static int demo_alloc_fallback(struct demo_rx_ring *ring,
			       struct demo_rx_buf *buf)
{
	struct page *spare;

	spare = dev_alloc_page();
	if (!spare)
		return -ENOMEM;

	buf->dma = dma_map_page(ring->dev, spare, 0, PAGE_SIZE,
				DMA_FROM_DEVICE);
	if (dma_mapping_error(ring->dev, buf->dma)) {
		__free_page(spare);
		return -ENOMEM;
	}

	buf->netmem = page_to_netmem(spare);
	buf->from_pool = false;
	ring->fallbacks++;
	return 0;
}

static int demo_alloc(struct demo_rx_ring *ring, struct demo_rx_buf *buf)
{
	netmem_ref netmem;

	netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (unlikely(!netmem))
		return demo_alloc_fallback(ring, buf);

	buf->netmem = netmem;
	buf->dma = page_pool_get_dma_addr_netmem(netmem);
	buf->from_pool = true;
	return 0;
}

static void demo_release(struct demo_rx_ring *ring, struct demo_rx_buf *buf)
{
	if (buf->from_pool) {
		page_pool_put_full_netmem(ring->pool, buf->netmem, false);
	} else {
		dma_unmap_page(ring->dev, buf->dma, PAGE_SIZE, DMA_FROM_DEVICE);
		put_netmem(buf->netmem);
	}
	buf->netmem = 0;
}

static void demo_add_frag(struct demo_rx_ring *ring, struct sk_buff *skb,
			  struct demo_rx_buf *buf, u32 len)
{
	if (!buf->from_pool)
		dma_unmap_page(ring->dev, buf->dma, PAGE_SIZE, DMA_FROM_DEVICE);

	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, buf->netmem, 0,
			       len, PAGE_SIZE);
	buf->netmem = 0;
}

static void demo_clean(struct demo_rx_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->buf); i++) {
		if (ring->buf[i].netmem)
			demo_release(ring, &ring->buf[i]);
	}
}
