// SPDX-License-Identifier: GPL-2.0-only
/* Only the DMA address of a pool page is kept; the page is found by it. */
#include "netmem_stub.h"

struct demo_aura {
	struct page_pool *pool;
	int size;
};

void *demo_iova_to_virt(dma_addr_t iova);

static int demo_aura_fill(struct demo_aura *aura, dma_addr_t *iova)
{
	unsigned int offset;
	struct page *page;

	page = page_pool_dev_alloc_frag(aura->pool, &offset, aura->size);
	if (!page)
		return -ENOMEM;

	*iova = page_pool_get_dma_addr(page) + offset;
	return 0;
}

static void demo_aura_free(struct demo_aura *aura, dma_addr_t iova)
{
	struct page *page = virt_to_head_page(demo_iova_to_virt(iova));

	page_pool_put_full_page(aura->pool, page, true);
}
