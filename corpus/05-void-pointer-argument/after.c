// SPDX-License-Identifier: GPL-2.0-only
/* A pool page becomes `void *` by being passed to a helper, one call away. */
#include "netmem_stub.h"

struct demo_desc {
	netmem_ref cookie;
	u64 addr;
};

struct demo_queue {
	struct demo_desc desc[64];
	netmem_ref last;
	struct page_pool *pool;
	u16 tail;
};

static void demo_enqueue(struct demo_queue *q, netmem_ref cookie,
			 dma_addr_t dma)
{
	struct demo_desc *desc = &q->desc[q->tail];

	desc->cookie = cookie;
	desc->addr = dma;
	q->tail = (q->tail + 1) % ARRAY_SIZE(q->desc);
}

static netmem_ref demo_dequeue(struct demo_queue *q, u16 i)
{
	netmem_ref cookie = q->desc[i].cookie;

	q->desc[i].cookie = 0;
	return cookie;
}

static int demo_refill(struct demo_queue *q)
{
	q->last = page_pool_dev_alloc_netmems(q->pool);
	if (!q->last)
		return -ENOMEM;

	demo_enqueue(q, q->last, page_pool_get_dma_addr_netmem(q->last));
	return 0;
}

static void demo_rx(struct demo_queue *q, u16 i, struct sk_buff *skb, u32 len)
{
	netmem_ref netmem = demo_dequeue(q, i);

	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, netmem, 0, len,
			       PAGE_SIZE);
}

static void demo_free(struct demo_queue *q)
{
	u16 i;

	for (i = 0; i < ARRAY_SIZE(q->desc); i++) {
		if (q->desc[i].cookie)
			page_pool_put_full_netmem(q->pool, demo_dequeue(q, i),
						  false);
	}
}
