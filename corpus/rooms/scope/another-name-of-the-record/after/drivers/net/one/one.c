// SPDX-License-Identifier: GPL-2.0-only
#include <net/demolib/rx.h>

void one_frag(struct demolib_buf *buf, struct sk_buff *skb, int len)
{
	skb_add_rx_frag_netmem(skb, 0, buf->netmem, buf->offset, len,
			       PAGE_SIZE);
	buf->netmem = 0;
}

void one_drop(struct page_pool *pool, struct demolib_buf *buf)
{
	page_pool_put_full_netmem(pool, buf->netmem, false);
}

void one_reuse(struct page_pool *pool, struct demolib_buf *buf)
{
	demolib_recycle(pool, buf->netmem);
}
