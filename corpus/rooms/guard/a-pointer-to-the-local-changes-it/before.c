// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	struct page *page;
	void *va;
	int uses;
};

int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	return buf->page ? 0 : -ENOMEM;
}

static void demo_next(struct page **slot, struct page_pool *pool)
{
	*slot = page_pool_dev_alloc_pages(pool);
}

struct sk_buff *demo_build(struct page_pool *pool, struct demo_buf *buf)
{
	struct page *page = buf->page;
	struct page **slot = &page;
	struct sk_buff *skb;

	skb = build_skb(page_address(page), PAGE_SIZE);
	if (!skb)
		return NULL;
	demo_next(slot, pool);
	memcpy(skb->data, page_address(page), 4);
	return skb;
}
