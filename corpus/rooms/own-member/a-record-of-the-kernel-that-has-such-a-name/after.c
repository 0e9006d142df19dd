// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_entry {
	struct page *page;
	dma_addr_t dma;
};

int demo_fill(struct page_pool *pool, struct demo_entry *e)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return -ENOMEM;

	e->page = page;
	e->dma = page_pool_get_dma_addr(page);
	return 0;
}

struct sk_buff *demo_head(struct demo_entry *e)
{
	struct sk_buff *skb;

	if (e->page == NULL)
		return NULL;

	skb = build_skb(page_address(e->page), PAGE_SIZE);
	e->page = NULL;
	return skb;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	struct page *page = e->page;

	skb_add_rx_frag(skb, 0, page, 0, len, PAGE_SIZE);
	e->page = NULL;
}

struct sk_buff *demo_copy(struct xdp_buff *xdp)
{
	if (!xdp->data)
		return NULL;
	return build_skb(xdp->data, 64);
}
