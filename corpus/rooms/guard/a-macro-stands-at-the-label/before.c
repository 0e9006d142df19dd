// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

#define DEMO_COUNT(b) ((b)->uses++)

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
	struct sk_buff *skb;

	skb = build_skb(page_address(buf->page), PAGE_SIZE);
	if (!skb)
		goto drop;
	return skb;
drop:
	DEMO_COUNT(buf);
	return NULL;
}
