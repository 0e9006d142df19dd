// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	struct page *page;
};

int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	return buf->page ? 0 : -ENOMEM;
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

#define DEMO_UNMAP(ring, tx) \
	dma_unmap_page((ring)->dev, dma_unmap_addr(tx, dma), (tx)->len, \
		       DMA_TO_DEVICE)

int demo_map(struct demo_ring *ring, struct skb_shared_info *shinfo)
{
	int i;

	for (i = 0; i < shinfo->nr_frags; i++) {
		const skb_frag_t *frag = &shinfo->frags[i];
		struct demo_tx *tx = &ring->tx[i];

		tx->len = skb_frag_size(frag);
		tx->dma = skb_frag_dma_map(ring->dev, frag, 0, tx->len,
					   DMA_TO_DEVICE);
		if (dma_mapping_error(ring->dev, tx->dma))
			return -ENOMEM;

		ring->desc[i] = cpu_to_le64(tx->dma);
	}

	return 0;
}

void demo_unmap(struct demo_ring *ring, int i)
{
	struct demo_tx *tx = &ring->tx[i];

	dma_unmap_page(ring->dev, tx->dma, tx->len, DMA_TO_DEVICE);
}

void demo_stop(struct demo_ring *ring, int i)
{
	DEMO_UNMAP(ring, &ring->tx[i]);
}
