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
	__le32 addr;
	__le32 len;
};

int demo_map(struct device *dev, struct demo_desc *desc,
	     const skb_frag_t *frag)
{
	dma_addr_t dma;

	dma = skb_frag_dma_map(dev, frag, 0, skb_frag_size(frag),
			       DMA_TO_DEVICE);
	if (dma_mapping_error(dev, dma))
		return -ENOMEM;

	desc->addr = cpu_to_le32(dma);
	desc->len = cpu_to_le32(skb_frag_size(frag));
	return 0;
}

void demo_unmap(struct device *dev, struct demo_desc *desc)
{
	dma_unmap_page(dev, le32_to_cpu(desc->addr), le32_to_cpu(desc->len),
		       DMA_TO_DEVICE);
}
