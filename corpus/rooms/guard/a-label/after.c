// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	netmem_ref netmem;
	void *va;
	int uses;
};

int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->netmem = page_pool_dev_alloc_netmems(pool);
	return buf->netmem ? 0 : -ENOMEM;
}

struct sk_buff *demo_later(struct page_pool *pool, struct demo_buf *buf)
{
	netmem_ref netmem = buf->netmem;
	struct sk_buff *skb;
	void *va;

	if (netmem_is_net_iov(netmem))
		goto drop;

	/* where it begins */
	va = netmem_address(netmem);
	prefetch(va);
	skb = build_skb(va, PAGE_SIZE);
	if (!skb)
		goto drop;

	return skb;

drop:
	page_pool_put_full_netmem(pool, netmem, true);
	return NULL;
}
