// SPDX-License-Identifier: GPL-2.0-only
/* Pool pages that are handed on through function pointers. */
#include "before.h"

static struct sk_buff *demo_build_frag(struct demo_ring *ring,
				       struct page *page, u32 len)
{
	struct sk_buff *skb = napi_alloc_skb(ring->napi, 128);

	if (!skb)
		return NULL;

	skb_add_rx_frag(skb, 0, page, 0, len, PAGE_SIZE);
	skb_mark_for_recycle(skb);
	return skb;
}

static void demo_release(struct demo_ring *ring, struct page *page)
{
	page_pool_put_full_page(ring->pool, page, false);
}

const struct demo_ring_ops demo_frag_ops = {
	.build		= demo_build_frag,
	.release	= demo_release,
};

static int demo_refill(struct demo_ring *ring, int i)
{
	struct demo_rx_buf *buf = &ring->buf[i];

	buf->page = page_pool_dev_alloc_pages(ring->pool);
	if (!buf->page)
		return -ENOMEM;

	buf->dma = page_pool_get_dma_addr(buf->page);
	return 0;
}

static void demo_rx(struct demo_ring *ring, int i, u32 len)
{
	struct demo_rx_buf *buf = &ring->buf[i];
	struct sk_buff *skb;

	skb = ring->ops->build(ring, buf->page, len);
	if (skb)
		napi_gro_receive(ring->napi, skb);
	else
		ring->ops->release(ring, buf->page);
	buf->page = NULL;
}

static void demo_clean(struct demo_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->buf); i++) {
		if (ring->buf[i].page)
			ring->ops->release(ring, ring->buf[i].page);
		ring->buf[i].page = NULL;
	}
}
