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

struct demo_desc {
	u64 addr;
	u32 len;
	u32 flags;
};

int demo_map(struct device *dev, struct demo_desc *desc,
	     const skb_frag_t *frag)
{
	dma_addr_t dma;

	dma = skb_frag_dma_map(dev, frag, 0, skb_frag_size(frag),
			       DMA_TO_DEVICE);
	if (dma_mapping_error(dev, dma))
		return -ENOMEM;

	desc->addr = dma;
	desc->len = skb_frag_size(frag);
	desc->flags = 1;
	return 0;
}

void demo_unmap(struct device *dev, struct demo_desc *desc)
{
	dma_unmap_page(dev, desc->addr, desc->len, DMA_TO_DEVICE);
}
