// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_entry {
	struct page *page;
	dma_addr_t dma;
};

static int rx_page;

#define DEMO_COUNT() (rx_page++)

static void *demo_get(struct page_pool *pool, dma_addr_t *dma)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(pool);
	if (!page)
		return NULL;

	*dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;
	return page_address(page) + NET_SKB_PAD;
}

int demo_fill(struct page_pool *pool, struct demo_entry *e)
{
	void *buf;

	buf = demo_get(pool, &e->dma);
	if (!buf)
		return -ENOMEM;

	prefetch(buf);
	DEMO_COUNT();
	e->page = virt_to_head_page(buf);
	return 0;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, e->page, NET_SKB_PAD, len, PAGE_SIZE);
}
