// SPDX-License-Identifier: GPL-2.0-only
/* The driver keeps its own data in a field of the page. */
#include "netmem_stub.h"

struct demo_rx_buf {
	struct page *page;
	dma_addr_t dma;
};

struct demo_rx_ring {
	struct demo_rx_buf buf[64];
	struct page_pool *pool;
};

static int demo_alloc(struct demo_rx_ring *ring, int i)
{
	struct demo_rx_buf *buf = &ring->buf[i];
	struct page *page;

	page = page_pool_dev_alloc_pages(ring->pool);
	if (!page)
		return -ENOMEM;

	page->private = i;
	buf->page = page;
	buf->dma = page_pool_get_dma_addr(page);
	return 0;
}

static void demo_frag(struct demo_rx_ring *ring, int i, struct sk_buff *skb,
		      u32 len)
{
	struct demo_rx_buf *buf = &ring->buf[i];

	if (WARN_ON_ONCE(buf->page->private != (unsigned long)i))
		return;

	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, buf->page, 0, len,
			PAGE_SIZE);
	buf->page = NULL;
}

static void demo_free(struct demo_rx_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->buf); i++) {
		if (!ring->buf[i].page)
			continue;
		page_pool_put_full_page(ring->pool, ring->buf[i].page, false);
		ring->buf[i].page = NULL;
	}
}
