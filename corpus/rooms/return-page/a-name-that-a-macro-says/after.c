// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_entry {
	struct page *page;
	dma_addr_t dma;
};

static int rx_page;

#define DEMO_COUNT() (rx_page++)

static struct page *demo_get(struct page_pool *pool, dma_addr_t *dma)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(pool);
	if (!page)
		return NULL;

	*dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;
	return page;
}

int demo_fill(struct page_pool *pool, struct demo_entry *e)
{
	struct page *new_page;
	void *buf;

	new_page = demo_get(pool, &e->dma);
	if (!new_page)
		return -ENOMEM;

	buf = page_address(new_page) + NET_SKB_PAD;
	prefetch(buf);
	DEMO_COUNT();
	e->page = new_page;
	return 0;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, e->page, NET_SKB_PAD, len, PAGE_SIZE);
}
