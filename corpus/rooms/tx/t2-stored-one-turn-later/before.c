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

int demo_map(struct demo_ring *ring, struct skb_shared_info *shinfo,
	     void *head, u32 len)
{
	struct demo_tx *tx = ring->tx;
	const skb_frag_t *frag;
	dma_addr_t dma;
	int i = 0;

	dma = dma_map_single(ring->dev, head, len, DMA_TO_DEVICE);
	for (frag = shinfo->frags;; frag++) {
		if (dma_mapping_error(ring->dev, dma))
			return -ENOMEM;

		tx->dma = dma;
		tx->len = len;
		ring->desc[i] = cpu_to_le64(dma);
		if (i++ == shinfo->nr_frags)
			break;

		len = skb_frag_size(frag);
		dma = skb_frag_dma_map(ring->dev, frag, 0, len, DMA_TO_DEVICE);
		tx = &ring->tx[i];
	}

	return 0;
}

void demo_unmap(struct demo_ring *ring, int i)
{
	struct demo_tx *tx = &ring->tx[i];

	dma_unmap_page(ring->dev, tx->dma, tx->len, DMA_TO_DEVICE);
}
