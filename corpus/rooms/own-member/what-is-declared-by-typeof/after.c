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

	e->buf = page_address(page);
	e->page = page;
	e->dma = page_pool_get_dma_addr(page);
	return 0;
}

struct sk_buff *demo_head(struct demo_entry *e)
{
	struct sk_buff *skb;

	if (e->buf == NULL)
		return NULL;

	skb = build_skb(e->buf, PAGE_SIZE);
	e->buf = NULL;
	return skb;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	struct page *page = e->page;

	skb_add_rx_frag(skb, 0, page, 0, len, PAGE_SIZE);
	e->buf = NULL;
}
bool demo_q(struct demo_entry *e)
{
	__typeof__(*e) *x = e;

	if (x->buf)
		return 1;
	return 0;
}
