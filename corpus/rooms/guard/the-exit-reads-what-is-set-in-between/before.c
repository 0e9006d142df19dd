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

void *demo_later(struct page_pool *pool, struct demo_buf *buf)
{
	struct page *page = buf->page;
	struct sk_buff *skb;
	void *va;

	/* where it begins */
	va = page_address(page);
	prefetch(va);
	skb = build_skb(va, PAGE_SIZE);
	if (!skb)
		return va;

	return skb;
}
