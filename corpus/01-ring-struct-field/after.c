// SPDX-License-Identifier: GPL-2.0-only
/* A pool page in a plain typed field of the ring's buffer array. */
#include "netmem_stub.h"

#define DEMO_RX_BUFS	256

/**
 * struct demo_rx_buf - one posted receive buffer
 * @netmem: pool memory the device writes to, empty once handed up
 * @dma: what the descriptor was given
 */
struct demo_rx_buf {
	netmem_ref	netmem;
	dma_addr_t	dma;
};

struct demo_rx_ring {
	struct demo_rx_buf	bufs[DEMO_RX_BUFS];
	struct page_pool	*pool;
	u16			next_to_use;
	u16			next_to_clean;
};

static bool demo_rx_alloc_one(struct demo_rx_ring *ring,
			      struct demo_rx_buf *buf)
{
	netmem_ref netmem;

	/* a page that was not consumed last time is posted again */
	if (likely(buf->netmem))
		return true;

	netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (unlikely(!netmem))
		return false;

	buf->netmem = netmem;
	buf->dma = page_pool_get_dma_addr_netmem(netmem);
	return true;
}

static u32 demo_rx_refill(struct demo_rx_ring *ring, u32 budget)
{
	u32 i;

	for (i = 0; i < budget; i++) {
		struct demo_rx_buf *buf = &ring->bufs[ring->next_to_use];

		if (!demo_rx_alloc_one(ring, buf))
			break;

		ring->next_to_use = (ring->next_to_use + 1) % DEMO_RX_BUFS;
	}

	return i;
}

static void demo_rx_add_frag(struct demo_rx_ring *ring, struct sk_buff *skb,
			     u32 len)
{
	struct demo_rx_buf *buf = &ring->bufs[ring->next_to_clean];

	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, buf->netmem, 0,
			       len, PAGE_SIZE);
	skb_mark_for_recycle(skb);

	/* buf->netmem belongs to the stack now */
	buf->netmem = 0;
	ring->next_to_clean = (ring->next_to_clean + 1) % DEMO_RX_BUFS;
}

static void demo_rx_free(struct demo_rx_ring *ring)
{
	u32 i;

	for (i = 0; i < DEMO_RX_BUFS; i++) {
		struct demo_rx_buf *buf = &ring->bufs[i];

		if (!buf->netmem)
			continue;

		page_pool_put_full_netmem(ring->pool, buf->netmem, false);
		buf->netmem = 0;
	}

	page_pool_destroy(ring->pool);
}
