// SPDX-License-Identifier: GPL-2.0-only
/* Raw DMA syncs of a pool address: types move, the syncs stay as they are. */
#include "netmem_stub.h"

#define DEMO_RX_HEADROOM	128

struct demo_rx_buf {
	struct page *page;
	dma_addr_t dma;
};

struct demo_rx_ring {
	struct demo_rx_buf buf[64];
	struct page_pool *pool;
	struct device *dev;
};

static int demo_refill(struct demo_rx_ring *ring, struct demo_rx_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(ring->pool);
	if (!buf->page)
		return -ENOMEM;

	buf->dma = page_pool_get_dma_addr(buf->page) + DEMO_RX_HEADROOM;
	return 0;
}

static void demo_rx_linear(struct demo_rx_ring *ring, struct demo_rx_buf *buf,
			   struct sk_buff *skb, u32 len)
{
	void *va;

	dma_sync_single_for_cpu(ring->dev, buf->dma, len, DMA_FROM_DEVICE);

	va = page_address(buf->page) + DEMO_RX_HEADROOM;
	net_prefetch(va);
	skb_put_data(skb, va, len);
	page_pool_recycle_direct(ring->pool, buf->page);
	buf->page = NULL;
}

static void demo_rx_frag(struct demo_rx_ring *ring, struct demo_rx_buf *buf,
			 struct sk_buff *skb, u32 len)
{
	struct page *page = buf->page;

	dma_sync_single_range_for_cpu(ring->dev, page_pool_get_dma_addr(page),
				      DEMO_RX_HEADROOM, len, DMA_FROM_DEVICE);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, DEMO_RX_HEADROOM,
			len, PAGE_SIZE);
	buf->page = NULL;
}

static void demo_rx(struct demo_rx_ring *ring, int i, struct sk_buff *skb,
		    u32 len)
{
	struct demo_rx_buf *buf = &ring->buf[i];

	if (len <= 256)
		demo_rx_linear(ring, buf, skb, len);
	else
		demo_rx_frag(ring, buf, skb, len);
}

static void demo_free(struct demo_rx_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->buf); i++) {
		struct demo_rx_buf *buf = &ring->buf[i];

		if (buf->page)
			page_pool_put_full_page(ring->pool, buf->page, false);
		buf->page = NULL;
	}
}
