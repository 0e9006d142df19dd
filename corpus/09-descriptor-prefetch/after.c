// SPDX-License-Identifier: GPL-2.0-only
/* The descriptor of a pool page is prefetched. */
#include "netmem_stub.h"

struct demo_buf {
	netmem_ref netmem;
};

static int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->netmem = page_pool_dev_alloc_netmems(pool);
	return buf->netmem ? 0 : -ENOMEM;
}

static void demo_rx(struct demo_buf *buf, struct sk_buff *skb, int len)
{
	prefetchw(netmem_to_nmdesc(buf->netmem));

	skb_add_rx_frag_netmem(skb, 0, buf->netmem, 0, len, PAGE_SIZE);
	buf->netmem = 0;
}
