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

int demo_head(struct demo_ring *ring, void *head, u32 len)
{
	ring->tx[0].dma = dma_map_single(ring->dev, head, len, DMA_TO_DEVICE);
	if (dma_mapping_error(ring->dev, ring->tx[0].dma))
		return -ENOMEM;

	ring->tx[0].len = len;
	ring->desc[0] = cpu_to_le64(ring->tx[0].dma);
	return 0;
}

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

void demo_stop(struct demo_ring *ring)
{
	int i;

	for (i = 0; i < 256; i++)
		if (ring->tx[i].len)
			dma_unmap_single(ring->dev, ring->tx[i].dma,
					 ring->tx[i].len, DMA_TO_DEVICE);
}
