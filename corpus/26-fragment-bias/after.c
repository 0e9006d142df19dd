// SPDX-License-Identifier: GPL-2.0-only
/* A page is cut up by the pool's own fragment count. */
#include "netmem_stub.h"

#define DEMO_PAGECNT_BIAS_MAX	(PAGE_SIZE / 64)

struct demo_frag_page {
	netmem_ref netmem;
	u16 frags;
};

struct demo_rq {
	struct demo_frag_page pages[32];
	struct page_pool *pool;
	u32 stride;
};

static int demo_frag_page_alloc(struct demo_rq *rq,
				struct demo_frag_page *frag_page)
{
	netmem_ref netmem;

	netmem = page_pool_dev_alloc_netmems(rq->pool);
	if (unlikely(!netmem))
		return -ENOMEM;

	page_pool_fragment_netmem(netmem, DEMO_PAGECNT_BIAS_MAX);
	frag_page->netmem = netmem;
	frag_page->frags = 0;
	return 0;
}

static void demo_frag_page_release(struct demo_rq *rq,
				   struct demo_frag_page *frag_page)
{
	u16 drain = DEMO_PAGECNT_BIAS_MAX - frag_page->frags;
	netmem_ref netmem = frag_page->netmem;

	if (page_pool_unref_netmem(netmem, drain) == 0)
		page_pool_put_unrefed_netmem(rq->pool, netmem, -1, true);
}

static void demo_add_frag(struct demo_rq *rq, struct sk_buff *skb,
			  struct demo_frag_page *frag_page, u32 offset, u32 len)
{
	u8 next = skb_shinfo(skb)->nr_frags;

	if (skb_can_coalesce_netmem(skb, next, frag_page->netmem, offset)) {
		skb_shinfo(skb)->frags[next - 1].len += len;
		return;
	}

	frag_page->frags++;
	skb_add_rx_frag_netmem(skb, next, frag_page->netmem, offset, len,
			       rq->stride);
}

static void demo_rq_free(struct demo_rq *rq)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rq->pages); i++) {
		if (!rq->pages[i].netmem)
			continue;
		demo_frag_page_release(rq, &rq->pages[i]);
		rq->pages[i].netmem = 0;
	}
}
