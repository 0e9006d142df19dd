// SPDX-License-Identifier: GPL-2.0-only
/* Pool and ordinary pages in one slot, and the driver recycles the latter. */
#include "netmem_stub.h"

struct demo_rx_buf {
	struct page *page;
	dma_addr_t dma;
	u32 offset;
	u16 bias;
};

struct demo_ring {
	struct demo_rx_buf buf[64];
	struct page_pool *pool;
	struct device *dev;
};

static int demo_alloc_buf(struct demo_ring *ring, struct demo_rx_buf *buf)
{
	struct page *page;

	if (ring->pool) {
		page = page_pool_dev_alloc_pages(ring->pool);
		if (unlikely(!page))
			return -ENOMEM;

		buf->page = page;
		buf->dma = page_pool_get_dma_addr(page);
		return 0;
	}

	page = dev_alloc_pages(0);
	if (unlikely(!page))
		return -ENOMEM;

	buf->dma = dma_map_page(ring->dev, page, 0, PAGE_SIZE, DMA_FROM_DEVICE);
	page_ref_add(page, USHRT_MAX - 1);
	buf->bias = USHRT_MAX;
	buf->page = page;
	return 0;
}

static void demo_free_buf(struct demo_ring *ring, struct demo_rx_buf *buf)
{
	if (!buf->page)
		return;

	if (ring->pool)
		page_pool_put_full_page(ring->pool, buf->page, false);
	else
		__free_page(buf->page);
	buf->page = NULL;
}

static void demo_reuse(struct demo_ring *ring, struct demo_rx_buf *buf,
		       struct sk_buff *skb, u32 len)
{
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, buf->page, buf->offset,
			len, 2048);

	if (ring->pool) {
		buf->page = NULL;
		return;
	}

	buf->offset ^= 2048;
	if (!--buf->bias) {
		page_ref_add(buf->page, USHRT_MAX);
		buf->bias = USHRT_MAX;
	}
}
