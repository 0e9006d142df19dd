// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_bd {
	struct page *page;
	dma_addr_t dma;
};

struct demo_head {
	void *data;
};

static struct page *demo_alloc_rx_page(struct page_pool *pool,
				       dma_addr_t *dma)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (page)
		*dma = page_pool_get_dma_addr(page);
	return page;
}

int demo_fill(struct page_pool *pool, struct demo_bd *bd)
{
	bd->page = demo_alloc_rx_page(pool, &bd->dma);

	return bd->page ? 0 : -ENOMEM;
}

void demo_frag(struct demo_bd *bd, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, bd->page, 0, len, PAGE_SIZE);
	bd->page = NULL;
}

void demo_fill_head(struct page_pool *pool, struct demo_head *head, bool copy)
{
	dma_addr_t dma;

	if (copy)
		head->data = kmalloc(256, GFP_ATOMIC);
	else
		head->data = demo_alloc_rx_page(pool, &dma);
}
