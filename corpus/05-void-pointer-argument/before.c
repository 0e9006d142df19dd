// SPDX-License-Identifier: GPL-2.0-only
/* A pool page becomes `void *` by being passed to a helper, one call away. */
#include "netmem_stub.h"

struct demo_desc {
	void *cookie;
	u64 addr;
};

struct demo_queue {
	struct demo_desc desc[64];
	struct page *last;
	struct page_pool *pool;
	u16 tail;
};

static void demo_enqueue(struct demo_queue *q, void *cookie, dma_addr_t dma)
{
	struct demo_desc *desc = &q->desc[q->tail];

	desc->cookie = cookie;
	desc->addr = dma;
	q->tail = (q->tail + 1) % ARRAY_SIZE(q->desc);
}

static void *demo_dequeue(struct demo_queue *q, u16 i)
{
	void *cookie = q->desc[i].cookie;

	q->desc[i].cookie = NULL;
	return cookie;
}

static int demo_refill(struct demo_queue *q)
{
	q->last = page_pool_dev_alloc_pages(q->pool);
	if (!q->last)
		return -ENOMEM;

	demo_enqueue(q, q->last, page_pool_get_dma_addr(q->last));
	return 0;
}

static void demo_rx(struct demo_queue *q, u16 i, struct sk_buff *skb, u32 len)
{
	struct page *page = demo_dequeue(q, i);

	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 0, len,
			PAGE_SIZE);
}

static void demo_free(struct demo_queue *q)
{
	u16 i;

	for (i = 0; i < ARRAY_SIZE(q->desc); i++) {
		if (q->desc[i].cookie)
			page_pool_put_full_page(q->pool, demo_dequeue(q, i),
						false);
	}
}
