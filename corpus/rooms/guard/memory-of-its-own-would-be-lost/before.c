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

struct sk_buff *demo_build(struct page_pool *pool, struct demo_buf *buf)
{
	struct page *page = buf->page;
	struct sk_buff *skb = NULL;
	int i;

	for (i = 0; i < 4; i++) {
		skb = build_skb(page_address(page), PAGE_SIZE);
		if (!skb)
			return NULL;
		page = page_pool_dev_alloc_pages(pool);
	}
	return skb;
}
