// SPDX-License-Identifier: GPL-2.0-only
/* A macro prefetches the descriptor of a pool page. */
#include "netmem_stub.h"

#define demo_warm(p) prefetchw(p)

struct demo_buf {
	struct page *page;
};

static int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	return buf->page ? 0 : -ENOMEM;
}

static void demo_rx(struct demo_buf *buf, struct sk_buff *skb, int len)
{
	demo_warm(buf->page);
	skb_add_rx_frag(skb, 0, buf->page, 0, len, PAGE_SIZE);
	buf->page = NULL;
}
