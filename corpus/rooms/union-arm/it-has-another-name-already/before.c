// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	union {
		void *token;
		u64 cookie;
	};
	u32 len;
};

int demo_rx_fill(struct page_pool *pool, struct demo_buf *buf)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return -ENOMEM;

	buf->token = page;
	return 0;
}

void demo_rx_frag(struct demo_buf *buf, struct sk_buff *skb)
{
	skb_add_rx_frag(skb, 0, (struct page *)buf->token, 0, buf->len,
			PAGE_SIZE);
	buf->token = NULL;
}

void demo_rx_drop(struct page_pool *pool, struct demo_buf *buf)
{
	if (!buf->token)
		return;

	page_pool_put_full_page(pool, buf->token, false);
	buf->token = NULL;
}

int demo_ctrl_fill(struct demo_buf *buf)
{
	buf->token = kmalloc(buf->len, GFP_ATOMIC);
	return buf->token ? 0 : -ENOMEM;
}

void demo_ctrl_drop(struct demo_buf *buf)
{
	kfree(buf->token);
	buf->token = NULL;
}

u64 demo_cookie(struct demo_buf *buf)
{
	return buf->cookie;
}
