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
	bool by_page;
	struct sk_buff *skb;
};

struct demo_ring {
	struct device *dev;
	struct demo_tx *tx;
	__le64 *desc;
};

static void demo_keep(struct demo_ring *ring, int at, dma_addr_t dma, u32 len,
		      bool by_page)
{
	ring->tx[at].dma = dma;
	ring->tx[at].len = len;
	ring->tx[at].by_page = by_page;
}

int demo_map(struct demo_ring *ring, const skb_frag_t *frag, int at)
{
	u32 len = skb_frag_size(frag);
	dma_addr_t dma;

	dma = skb_frag_dma_map(ring->dev, frag, 0, len, DMA_TO_DEVICE);
	if (dma_mapping_error(ring->dev, dma))
		return -ENOMEM;

	demo_keep(ring, at, dma, len, true);
	ring->desc[at] = cpu_to_le64(dma);
	return 0;
}

int demo_map_head(struct demo_ring *ring, void *head, u32 len, int at)
{
	dma_addr_t dma = dma_map_single(ring->dev, head, len, DMA_TO_DEVICE);

	if (dma_mapping_error(ring->dev, dma))
		return -ENOMEM;

	demo_keep(ring, at, dma, len, false);
	ring->desc[at] = cpu_to_le64(dma);
	return 0;
}

void demo_last(struct demo_ring *ring, struct sk_buff *skb, int at)
{
	ring->tx[at].skb = skb;
}

void demo_done(struct demo_ring *ring, int at)
{
	if (ring->tx[at].skb)
		dev_kfree_skb_any(ring->tx[at].skb);
	if (ring->tx[at].dma && ring->desc) {
		if (ring->tx[at].by_page)
			dma_unmap_page(ring->dev, ring->tx[at].dma,
				       ring->tx[at].len, DMA_TO_DEVICE);
		else
			dma_unmap_single(ring->dev, ring->tx[at].dma,
					 ring->tx[at].len, DMA_TO_DEVICE);
		ring->tx[at].dma = 0;
		ring->tx[at].len = 0;
		ring->tx[at].by_page = false;
		ring->tx[at].skb = NULL;
	}
}
