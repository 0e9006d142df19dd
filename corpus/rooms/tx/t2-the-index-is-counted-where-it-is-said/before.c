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
	u32 next;
};

int demo_map(struct demo_ring *ring, const skb_frag_t *frag)
{
	dma_addr_t dma;

	dma = skb_frag_dma_map(ring->dev, frag, 0, skb_frag_size(frag),
			       DMA_TO_DEVICE);
	if (dma_mapping_error(ring->dev, dma))
		return -ENOMEM;

	ring->desc[ring->next] = cpu_to_le64(dma);
	ring->tx[ring->next++].dma = dma;
	return 0;
}

void demo_unmap(struct demo_ring *ring, int i)
{
	struct demo_tx *tx = &ring->tx[i];

	dma_unmap_page(ring->dev, tx->dma, tx->len, DMA_TO_DEVICE);
}
