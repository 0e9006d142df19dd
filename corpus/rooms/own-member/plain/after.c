// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_entry {
	void *buf;
	struct page *page;
	dma_addr_t dma;
};

int demo_fill(struct page_pool *pool, struct demo_entry *e)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return -ENOMEM;

	e->buf = page_address(page) + NET_SKB_PAD;
	e->page = page;
	e->dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;
	return 0;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	struct page *page = e->page;

	skb_add_rx_frag(skb, 0, page, e->buf - page_address(page), len,
			PAGE_SIZE);
}

void demo_drop(struct page_pool *pool, struct demo_entry *e)
{
	page_pool_put_full_page(pool, e->page, false);
	e->buf = NULL;
}
