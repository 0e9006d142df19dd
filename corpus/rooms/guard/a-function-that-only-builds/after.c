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

static struct sk_buff *demo_wrap(void *va, int size)
{
	struct sk_buff *skb;

	skb = build_skb(va, size);
	if (unlikely(!skb))
		return NULL;
	skb_mark_for_recycle(skb);
	return skb;
}

struct sk_buff *demo_build(struct page_pool *pool, struct demo_buf *buf)
{
	struct sk_buff *skb;

	if (netmem_is_net_iov(buf->netmem))
		return NULL;

	skb = demo_wrap(netmem_address(buf->netmem), PAGE_SIZE);
	if (unlikely(!skb))
		return NULL;

	skb_mark_for_recycle(skb);
	return skb;
}
