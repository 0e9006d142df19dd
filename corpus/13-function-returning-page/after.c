// SPDX-License-Identifier: GPL-2.0-only
/* Helpers that return and take a pool page, declared in a header. */
#include "after.h"

/**
 * demo_alloc_rx_page() - take one buffer, or a part of one, from the pool
 * @rxr: ring to allocate for
 * @mapping: where to put its DMA address
 * @offset: where to put its offset in the page
 *
 * Return: memory that the caller owns, or nothing.
 */
netmem_ref demo_alloc_rx_page(struct demo_rxr *rxr, dma_addr_t *mapping,
			      unsigned int *offset)
{
	netmem_ref netmem;

	if (rxr->frag_size < PAGE_SIZE) {
		netmem = page_pool_alloc_frag_netmem(rxr->pool, offset,
						     rxr->frag_size,
						     GFP_ATOMIC);
	} else {
		netmem = page_pool_dev_alloc_netmems(rxr->pool);
		*offset = 0;
	}
	if (!netmem)
		return 0;

	*mapping = page_pool_get_dma_addr_netmem(netmem) + *offset;
	return netmem;
}

/**
 * demo_free_rx_page() - give a buffer back to the pool
 * @rxr: ring it was allocated for
 * @netmem: the buffer, if there is one
 * @napi: whether the caller runs in the ring's NAPI context
 */
void demo_free_rx_page(struct demo_rxr *rxr, netmem_ref netmem, bool napi)
{
	if (!netmem)
		return;

	if (napi)
		page_pool_recycle_direct_netmem(rxr->pool, netmem);
	else
		page_pool_put_full_netmem(rxr->pool, netmem, false);
}
