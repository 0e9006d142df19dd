// SPDX-License-Identifier: GPL-2.0-only
/* The driver maps the payload page itself: that wants a page, nothing else. */
#include "netmem_stub.h"

struct demo_rx_buf {
	struct page *page;
	dma_addr_t dma;
};

struct demo_rx_ring {
	struct demo_rx_buf buf[64];
	struct page_pool *pool;
};

static int demo_alloc(struct demo_rx_ring *ring, struct demo_rx_buf *buf)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	if (!page)
		return -ENOMEM;

	buf->page = page;
	buf->dma = page_pool_get_dma_addr(page);
	return 0;
}

static void demo_copy(struct demo_rx_buf *buf, struct sk_buff *skb, u32 len)
{
	void *va = kmap_local_page(buf->page);

	skb_put_data(skb, va, len);
	kunmap_local(va);
}

static void demo_rx(struct demo_rx_ring *ring, int i, struct sk_buff *skb,
		    u32 len)
{
	struct demo_rx_buf *buf = &ring->buf[i];

	if (len <= 128) {
		demo_copy(buf, skb, len);
		page_pool_recycle_direct(ring->pool, buf->page);
	} else {
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, buf->page, 0,
				len, PAGE_SIZE);
	}
	buf->page = NULL;
}

static void demo_free(struct demo_rx_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->buf); i++) {
		struct page *page = ring->buf[i].page;

		if (page)
			page_pool_put_full_page(ring->pool, page, false);
		ring->buf[i].page = NULL;
	}
}
