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
	dma_addr_t dma0;
	dma_addr_t dma1;
	u32 len;
};

struct demo_ring {
	struct device *dev;
	struct demo_tx *tx;
	__le64 *desc;
};

static void demo_keep(struct demo_tx *tx, dma_addr_t dma, int at)
{
	if (at & 1)
		tx->dma1 = dma;
	else
		tx->dma0 = dma;
}

int demo_map(struct demo_ring *ring, const skb_frag_t *frag, int at)
{
	struct demo_tx *tx = &ring->tx[at / 2];
	dma_addr_t dma;

	dma = skb_frag_dma_map(ring->dev, frag, 0, skb_frag_size(frag),
			       DMA_TO_DEVICE);
	if (dma_mapping_error(ring->dev, dma))
		return -ENOMEM;

	demo_keep(tx, dma, at);
	tx->len = skb_frag_size(frag);
	return 0;
}

void demo_unmap(struct device *dev, struct demo_tx *tx)
{
	dma_unmap_page(dev, tx->dma0, tx->len, DMA_TO_DEVICE);
	dma_unmap_page(dev, tx->dma1, tx->len, DMA_TO_DEVICE);
}
