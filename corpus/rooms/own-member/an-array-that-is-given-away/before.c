// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_ring {
	struct page_pool *pool;
	void *bufs[256];
};

void demo_sort(void **bufs, unsigned int count);

int demo_fill(struct demo_ring *ring, unsigned int i)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(ring->pool);
	if (!page)
		return -ENOMEM;

	ring->bufs[i] = page_address(page);
	return 0;
}

void demo_order(struct demo_ring *ring)
{
	demo_sort(ring->bufs, 256);
}

void demo_clean(struct demo_ring *ring, unsigned int i)
{
	if (ring->bufs[i])
		page_pool_put_full_page(ring->pool,
					virt_to_head_page(ring->bufs[i]),
					false);
	ring->bufs[i] = NULL;
}
