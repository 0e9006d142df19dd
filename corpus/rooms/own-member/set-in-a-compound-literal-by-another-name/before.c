// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_entry {
	void *buf;
	dma_addr_t dma;
};
typedef struct demo_entry entry_t;

int demo_fill(struct page_pool *pool, struct demo_entry *e)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return -ENOMEM;

	e->buf = page_address(page) + 64;
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
	struct page *page = virt_to_head_page(e->buf);

	skb_add_rx_frag(skb, 0, page, 0, len, PAGE_SIZE);
	e->buf = NULL;
}
void demo_reset(struct demo_entry *e, void *va)
{
	*e = (entry_t){ va, 0 };
}
