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

struct sk_buff *demo_build(struct demo_buf *buf, struct demo_buf *first)
{
	struct sk_buff *skb = NULL;

	if (buf->uses) {
		void *va = page_address(buf->page);
		struct demo_buf *buf = first + 1;

		skb = build_skb(va, buf->uses);
		if (!skb)
			return NULL;
	}
	return skb;
}
