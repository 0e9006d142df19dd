// SPDX-License-Identifier: GPL-2.0-only
/* Reference count, node and pfmemalloc decide whether a buffer is reused. */
#include "netmem_stub.h"

struct demo_frag {
	struct page *page;
	dma_addr_t dma;
	u32 page_offset;
};

struct demo_ring {
	struct demo_frag *frags;
	struct page_pool *pool;
	u32 size;
	int nid;
};

static int demo_prepare(struct demo_ring *ring, struct demo_frag *frag)
{
	if (frag->page)
		return 0;

	frag->page = page_pool_dev_alloc_pages(ring->pool);
	if (!frag->page)
		return -ENOMEM;

	page_pool_fragment_page(frag->page, 1);
	frag->dma = page_pool_get_dma_addr(frag->page);
	frag->page_offset = 0;
	return 0;
}

static bool demo_local(const struct demo_ring *ring, const struct page *page)
{
	return page_to_nid(page) == ring->nid;
}

static void demo_complete(struct demo_ring *ring, struct demo_frag *frag,
			  struct sk_buff *skb, u32 len)
{
	struct page *page = frag->page;
	bool release;

	__skb_fill_page_desc(skb, 0, page, frag->page_offset, len);

	frag->page_offset ^= PAGE_SIZE / 2;
	release = page_count(page) != 1 ||
		  page_is_pfmemalloc(page) ||
		  page_to_nid(page) != numa_mem_id();
	if (!release && !demo_local(ring, page))
		release = true;

	if (release)
		frag->page = NULL;
	else
		page_pool_ref_page(page);
}

static bool demo_exclusive(const struct demo_frag *frag)
{
	return page_ref_count(frag->page) == 1;
}

static void demo_free(struct demo_ring *ring)
{
	u32 i;

	for (i = 0; i < ring->size; i++) {
		struct demo_frag *frag = &ring->frags[i];

		if (!frag->page)
			continue;

		page_pool_put_full_page(ring->pool, frag->page,
					demo_exclusive(frag));
	}
}
