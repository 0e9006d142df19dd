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

static int demo_head;

struct sk_buff *demo_later(struct page_pool *pool, struct demo_buf *buf)
{
	struct page *page = buf->page;
	struct sk_buff *skb;
	void *va;

	/* where it begins */
	va = page_address(page);
	demo_head = 1;
	skb = build_skb(va, PAGE_SIZE);
	if (!skb)
		goto drop;

	return skb;

drop:
	page_pool_put_full_page(pool, page, true);
	return NULL;
}
