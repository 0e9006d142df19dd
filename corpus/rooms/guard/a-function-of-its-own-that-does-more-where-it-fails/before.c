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

static struct sk_buff *demo_wrap(struct page_pool *pool, struct demo_buf *buf)
{
	struct sk_buff *skb;

	skb = build_skb(page_address(buf->page), PAGE_SIZE);
	if (!skb)
		page_pool_put_full_page(pool, buf->page, true);
	return skb;
}

struct sk_buff *demo_build(struct page_pool *pool, struct demo_buf *buf)
{
	struct sk_buff *skb;

	skb = demo_wrap(pool, buf);
	if (unlikely(!skb))
		return NULL;

	skb_mark_for_recycle(skb);
	return skb;
}
