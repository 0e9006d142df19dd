// SPDX-License-Identifier: GPL-2.0-only
/* The slot that holds pool pages is declared by a macro of the driver. */
#include "netmem_stub.h"

#define DEMO_BATCH	16

#define DEMO_DECLARE_BATCH(type, name)	\
	struct {			\
		type name[DEMO_BATCH];	\
		u16 name##_used;	\
	}

struct demo_alloc_units {
	DEMO_DECLARE_BATCH(struct page *, pages);
	DEMO_DECLARE_BATCH(struct xdp_buff *, xdps);
};

struct demo_rq {
	struct demo_alloc_units units;
	struct page_pool *pool;
	bool zero_copy;
};

static int demo_rq_fill(struct demo_rq *rq)
{
	struct demo_alloc_units *au = &rq->units;

	while (au->pages_used < DEMO_BATCH) {
		struct page *page = page_pool_dev_alloc_pages(rq->pool);

		if (unlikely(!page))
			return -ENOMEM;

		au->pages[au->pages_used++] = page;
	}

	return 0;
}

static void demo_rq_frag(struct demo_rq *rq, struct sk_buff *skb, int i,
			 u32 len)
{
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, rq->units.pages[i], 0,
			len, PAGE_SIZE);
	rq->units.pages[i] = NULL;
}

static void demo_rq_drain(struct demo_rq *rq)
{
	int i;

	if (rq->zero_copy)
		return;

	for (i = 0; i < DEMO_BATCH; i++) {
		if (!rq->units.pages[i])
			continue;
		page_pool_put_full_page(rq->pool, rq->units.pages[i], false);
		rq->units.pages[i] = NULL;
	}
	rq->units.pages_used = 0;
}
