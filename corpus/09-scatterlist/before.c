// SPDX-License-Identifier: GPL-2.0-only
/* Received pages go into a scatterlist for a crypto engine: pages they stay. */
#include "netmem_stub.h"

#define DEMO_SG_MAX	8

struct demo_rx_buf {
	struct page *page;
	u32 len;
};

struct demo_rx_ring {
	struct demo_rx_buf buf[64];
	struct scatterlist sg[DEMO_SG_MAX];
	struct page_pool *pool;
};

static int demo_alloc(struct demo_rx_ring *ring, int i)
{
	ring->buf[i].page = page_pool_dev_alloc_pages(ring->pool);
	return ring->buf[i].page ? 0 : -ENOMEM;
}

static void demo_decrypt(struct demo_rx_ring *ring, int first, int count)
{
	int i;

	sg_init_table(ring->sg, count);
	for (i = 0; i < count; i++)
		sg_set_page(&ring->sg[i], ring->buf[first + i].page,
			    ring->buf[first + i].len, 0);
}

static void demo_rx(struct demo_rx_ring *ring, int first, int count,
		    struct sk_buff *skb)
{
	int i;

	demo_decrypt(ring, first, count);
	for (i = 0; i < count; i++) {
		struct demo_rx_buf *buf = &ring->buf[first + i];

		skb_add_rx_frag(skb, i, buf->page, 0, buf->len, PAGE_SIZE);
		buf->page = NULL;
	}
}

static void demo_free(struct demo_rx_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->buf); i++) {
		if (ring->buf[i].page)
			page_pool_put_full_page(ring->pool, ring->buf[i].page,
						false);
		ring->buf[i].page = NULL;
	}
}
