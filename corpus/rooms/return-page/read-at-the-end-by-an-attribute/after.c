// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_entry {
	struct page *page;
	dma_addr_t dma;
};

void demo_end(void **p);

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
	void *buf __attribute__((cleanup(demo_end))) = e;
	struct page *rx_page;

	rx_page = demo_get(pool, &e->dma);
	if (!rx_page) {
		buf = NULL;
		return -ENOMEM;
	}

	buf = page_address(rx_page) + NET_SKB_PAD;
	prefetch(buf);
	e->page = rx_page;
	return 0;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, e->page, NET_SKB_PAD, len, PAGE_SIZE);
}
