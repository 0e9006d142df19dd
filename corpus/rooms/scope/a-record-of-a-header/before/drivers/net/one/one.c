// SPDX-License-Identifier: GPL-2.0-only
#include <net/demolib/rx.h>

void one_frag(struct demolib_buf *buf, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, buf->page, buf->offset, len, PAGE_SIZE);
	buf->page = NULL;
}

void one_drop(struct page_pool *pool, struct demolib_buf *buf)
{
	page_pool_put_full_page(pool, buf->page, false);
}

void one_reuse(struct page_pool *pool, struct demolib_buf *buf)
{
	demolib_recycle(pool, buf->page);
}
