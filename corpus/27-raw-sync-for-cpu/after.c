// SPDX-License-Identifier: GPL-2.0-only
/* Raw DMA syncs of a pool address: types move, the syncs stay as they are. */
#include "netmem_stub.h"

#define DEMO_RX_HEADROOM	128

struct demo_rx_buf {
	netmem_ref netmem;
	dma_addr_t dma;
};

struct demo_rx_ring {
	struct demo_rx_buf buf[64];
	struct page_pool *pool;
	struct device *dev;
};

static int demo_refill(struct demo_rx_ring *ring, struct demo_rx_buf *buf)
{
	buf->netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!buf->netmem)
		return -ENOMEM;

	buf->dma = page_pool_get_dma_addr_netmem(buf->netmem) +
		   DEMO_RX_HEADROOM;
	return 0;
}

static void demo_rx_linear(struct demo_rx_ring *ring, struct demo_rx_buf *buf,
			   struct sk_buff *skb, u32 len)
{
	void *va;

	dma_sync_single_for_cpu(ring->dev, buf->dma, len, DMA_FROM_DEVICE);

	va = netmem_address(buf->netmem) + DEMO_RX_HEADROOM;
	net_prefetch(va);
	skb_put_data(skb, va, len);
	page_pool_recycle_direct_netmem(ring->pool, buf->netmem);
	buf->netmem = 0;
}

static void demo_rx_frag(struct demo_rx_ring *ring, struct demo_rx_buf *buf,
			 struct sk_buff *skb, u32 len)
{
	netmem_ref netmem = buf->netmem;

	dma_sync_single_range_for_cpu(ring->dev,
				      page_pool_get_dma_addr_netmem(netmem),
				      DEMO_RX_HEADROOM, len, DMA_FROM_DEVICE);
	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, netmem,
			       DEMO_RX_HEADROOM, len, PAGE_SIZE);
	buf->netmem = 0;
}

static void demo_rx(struct demo_rx_ring *ring, int i, struct sk_buff *skb,
		    u32 len)
{
	struct demo_rx_buf *buf = &ring->buf[i];

	if (len <= 256)
		demo_rx_linear(ring, buf, skb, len);
	else
		demo_rx_frag(ring, buf, skb, len);
}

static void demo_free(struct demo_rx_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->buf); i++) {
		struct demo_rx_buf *buf = &ring->buf[i];

		if (buf->netmem)
			page_pool_put_full_netmem(ring->pool, buf->netmem,
						  false);
		buf->netmem = 0;
	}
}
