// SPDX-License-Identifier: GPL-2.0-only
/* The driver biases the page's own reference count: no netmem can do that. */
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
};

static int demo_alloc(struct demo_ring *ring, struct demo_rx_buf *buf)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	if (!page)
		return -ENOMEM;

	page_ref_add(page, USHRT_MAX - 1);
	buf->page = page;
	buf->bias = USHRT_MAX;
	buf->dma = page_pool_get_dma_addr(page);
	return 0;
}

static bool demo_can_reuse(const struct demo_rx_buf *buf)
{
	return page_ref_count(buf->page) - buf->bias <= 1;
}

static void demo_frag(struct demo_ring *ring, struct demo_rx_buf *buf,
		      struct sk_buff *skb, u32 len)
{
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, buf->page, buf->offset,
			len, PAGE_SIZE / 2);
	buf->bias--;

	if (!demo_can_reuse(buf)) {
		buf->page = NULL;
		return;
	}

	buf->offset ^= PAGE_SIZE / 2;
	if (!buf->bias) {
		page_ref_add(buf->page, USHRT_MAX);
		buf->bias = USHRT_MAX;
	}
}

static void demo_free(struct demo_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->buf); i++) {
		if (!ring->buf[i].page)
			continue;
		page_pool_put_full_page(ring->pool, ring->buf[i].page, false);
		ring->buf[i].page = NULL;
	}
}
