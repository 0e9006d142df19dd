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
	int i, at = 0;

	tx[0].dma = dma_map_single(ring->dev, head, len, DMA_TO_DEVICE);
	if (dma_mapping_error(ring->dev, tx[0].dma))
		return -ENOMEM;

	tx[0].len = len;
	ring->desc[0] = cpu_to_le64(tx[0].dma);

	for (i = 0; i < shinfo->nr_frags; i++) {
		frag = &shinfo->frags[i];
		at = i + 1;
		tx[at].dma = skb_frag_dma_map(ring->dev, frag, 0,
					      skb_frag_size(frag),
					      DMA_TO_DEVICE);
		if (dma_mapping_error(ring->dev, tx[at].dma))
			goto unmap;

		tx[at].len = skb_frag_size(frag);
		ring->desc[at] = cpu_to_le64(tx[at].dma);
	}

	return 0;

unmap:
	while (at > 1) {
		at--;
		dma_unmap_page(ring->dev, tx[at].dma, tx[at].len,
			       DMA_TO_DEVICE);
	}
	dma_unmap_single(ring->dev, tx[0].dma, tx[0].len, DMA_TO_DEVICE);
	return -ENOMEM;
}

void demo_done(struct demo_ring *ring, int count)
{
	int i;

	dma_unmap_single(ring->dev, ring->tx[0].dma, ring->tx[0].len,
			 DMA_TO_DEVICE);
	for (i = 1; i < count; i++)
		dma_unmap_page(ring->dev, ring->tx[i].dma, ring->tx[i].len,
			       DMA_TO_DEVICE);
}

void demo_stop(struct demo_ring *ring, int i)
{
	dma_addr_t dma = ring->tx[i].dma;

	dma_unmap_page_attrs(ring->dev, dma, ring->tx[i].len, DMA_TO_DEVICE,
			     DMA_ATTR_SKIP_CPU_SYNC);
}
