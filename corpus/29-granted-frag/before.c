// SPDX-License-Identifier: GPL-2.0-only
/* A pool page goes into an skb, and from there to another domain. */
#include "netmem_stub.h"

struct demo_rxq {
	struct sk_buff *skb[64];
	struct page_pool *pool;
	int ref[64];
};

void gnttab_grant_page(int ref, struct page *page);

static int demo_alloc_skb(struct demo_rxq *rxq, struct sk_buff *skb, u16 i)
{
	struct page *page = page_pool_dev_alloc_pages(rxq->pool);

	if (unlikely(!page))
		return -ENOMEM;

	skb_add_rx_frag(skb, 0, page, 0, 0, PAGE_SIZE);
	rxq->skb[i] = skb;
	return 0;
}

static void demo_post(struct demo_rxq *rxq, skb_frag_t *frag, u16 i)
{
	gnttab_grant_page(rxq->ref[i], skb_frag_page(frag));
}
