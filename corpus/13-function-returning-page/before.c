// SPDX-License-Identifier: GPL-2.0-only
/* Helpers that return and take a pool page, declared in a header. */
#include "before.h"

/**
 * demo_alloc_rx_page() - take one buffer, or a part of one, from the pool
 * @rxr: ring to allocate for
 * @mapping: where to put its DMA address
 * @offset: where to put its offset in the page
 *
 * Return: memory that the caller owns, or nothing.
 */
struct page *demo_alloc_rx_page(struct demo_rxr *rxr, dma_addr_t *mapping,
				unsigned int *offset)
{
	struct page *page;

	if (rxr->frag_size < PAGE_SIZE) {
		page = page_pool_alloc_frag(rxr->pool, offset, rxr->frag_size,
					    GFP_ATOMIC);
	} else {
		page = page_pool_dev_alloc_pages(rxr->pool);
		*offset = 0;
	}
	if (!page)
		return NULL;

	*mapping = page_pool_get_dma_addr(page) + *offset;
	return page;
}

/**
 * demo_free_rx_page() - give a buffer back to the pool
 * @rxr: ring it was allocated for
 * @page: the buffer, if there is one
 * @napi: whether the caller runs in the ring's NAPI context
 */
void demo_free_rx_page(struct demo_rxr *rxr, struct page *page, bool napi)
{
	if (!page)
		return;

	if (napi)
		page_pool_recycle_direct(rxr->pool, page);
	else
		page_pool_put_full_page(rxr->pool, page, false);
}
