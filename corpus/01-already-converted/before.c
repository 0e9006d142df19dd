// SPDX-License-Identifier: GPL-2.0-only
/* A ring that was converted by hand long ago: nothing is left to do. */
#include "netmem_stub.h"

struct demo_rx_buf {
	netmem_ref netmem;
	dma_addr_t dma;
	u32 offset;
};

struct demo_rx_ring {
	struct demo_rx_buf buf[64];
	struct page_pool *pool;
	u32 truesize;
};

static int demo_alloc(struct demo_rx_ring *ring, struct demo_rx_buf *buf)
{
	netmem_ref netmem;

	netmem = page_pool_alloc_frag_netmem(ring->pool, &buf->offset,
					     ring->truesize,
					     GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!netmem))
		return -ENOMEM;

	buf->netmem = netmem;
	buf->dma = page_pool_get_dma_addr_netmem(netmem) + buf->offset;
	return 0;
}

static void demo_rx(struct demo_rx_ring *ring, struct demo_rx_buf *buf,
		    struct sk_buff *skb, u32 len)
{
	netmem_ref netmem = buf->netmem;
	void *va;

	page_pool_dma_sync_netmem_for_cpu(ring->pool, netmem, buf->offset, len);

	va = netmem_address(netmem);
	if (va && len <= 128) {
		skb_put_data(skb, va + buf->offset, len);
		page_pool_recycle_direct_netmem(ring->pool, netmem);
	} else {
		skb_add_rx_frag_netmem(skb, 0, netmem, buf->offset, len,
				       ring->truesize);
	}
	buf->netmem = 0;
}

static void demo_free(struct demo_rx_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->buf); i++) {
		struct demo_rx_buf *buf = &ring->buf[i];

		if (!buf->netmem)
			continue;

		page_pool_put_full_netmem(ring->pool, buf->netmem, false);
		buf->netmem = 0;
	}
}
