// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	struct page *page;
};

struct demo_tx {
	dma_addr_t dma;
	unsigned int len;
};

int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	return buf->page ? 0 : -ENOMEM;
}

void demo_rx(struct demo_buf *buf, struct sk_buff *skb)
{
	skb_add_rx_frag(skb, 0, buf->page, 0, 64, PAGE_SIZE);
}

int demo_map(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	unsigned int len = skb_frag_size(frag);
	dma_addr_t addr;

	addr = skb_frag_dma_map(dev, frag, 0, len, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, addr))
		return -ENOMEM;

	tx->len = len;
	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma, addr);
	return 0;
}

void demo_reset(struct demo_tx *tx, dma_addr_t addr)
{
	*tx = (struct demo_tx){ .dma = addr, .len = 64 };
}

void demo_free(struct device *dev, struct demo_tx *tx, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		dma_unmap_page(dev, dma_unmap_addr(&tx[i], dma), tx[i].len,
			       DMA_TO_DEVICE);
		tx[i].len = 0;
	}
}
