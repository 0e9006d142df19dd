// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	netmem_ref netmem;
};

int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->netmem = page_pool_dev_alloc_netmems(pool);
	return buf->netmem ? 0 : -ENOMEM;
}

struct demo_tx {
	dma_addr_t dma;
	u32 len;
};

struct demo_ring {
	struct device *dev;
	struct demo_tx *tx;
	__le64 *desc;
};

int demo_map(struct demo_ring *ring, struct skb_shared_info *shinfo)
{
	dma_addr_t dma;
	int i;

	for (i = 0; i < shinfo->nr_frags; i++) {
		const skb_frag_t *frag = &shinfo->frags[i];

		dma = skb_frag_dma_map(ring->dev, frag, 0, skb_frag_size(frag),
				       DMA_TO_DEVICE);
		if (dma_mapping_error(ring->dev, dma))
			return -ENOMEM;

		netmem_dma_unmap_addr_set(skb_frag_netmem(frag), &ring->tx[i],
					  dma, dma);
		ring->tx[i].len = skb_frag_size(frag);
		ring->desc[i] = cpu_to_le64(dma);
	}

	return 0;
}

void demo_unmap(struct demo_ring *ring, int i)
{
	struct demo_tx *tx = &ring->tx[i];

	netmem_dma_unmap_page_attrs(ring->dev, dma_unmap_addr(tx, dma), tx->len,
				    DMA_TO_DEVICE, 0);
}
