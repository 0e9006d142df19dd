// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_ring {
	struct page_pool *pool;
	void *bufs[256];
};

static int demo_get(struct page_pool *pool, void **buf)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(pool);
	if (!page)
		return -ENOMEM;

	*buf = page_address(page);
	return 0;
}

int demo_fill(struct demo_ring *ring, unsigned int i)
{
	return demo_get(ring->pool, &ring->bufs[i]);
}

int demo_scratch(struct demo_ring *ring, void **scratch)
{
	return demo_get(ring->pool, scratch);
}

void demo_clean(struct demo_ring *ring, unsigned int i)
{
	if (ring->bufs[i])
		page_pool_put_full_page(ring->pool,
					virt_to_head_page(ring->bufs[i]),
					false);
	ring->bufs[i] = NULL;
}
