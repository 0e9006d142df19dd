// SPDX-License-Identifier: GPL-2.0-only
/* Reference count, node and pfmemalloc decide whether a buffer is reused. */
#include "netmem_stub.h"

struct demo_frag {
	netmem_ref netmem;
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
	if (frag->netmem)
		return 0;

	frag->netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!frag->netmem)
		return -ENOMEM;

	page_pool_fragment_netmem(frag->netmem, 1);
	frag->dma = page_pool_get_dma_addr_netmem(frag->netmem);
	frag->page_offset = 0;
	return 0;
}

static bool demo_local(const struct demo_ring *ring, netmem_ref netmem)
{
	return netmem_is_pref_nid(netmem, ring->nid);
}

static void demo_complete(struct demo_ring *ring, struct demo_frag *frag,
			  struct sk_buff *skb, u32 len)
{
	netmem_ref netmem = frag->netmem;
	bool release;

	__skb_fill_netmem_desc(skb, 0, netmem, frag->page_offset, len);

	frag->page_offset ^= PAGE_SIZE / 2;
	release = netmem_ref_count(netmem) != 1 ||
		  netmem_is_pfmemalloc(netmem) ||
		  !netmem_is_pref_nid(netmem, numa_mem_id());
	if (!release && !demo_local(ring, netmem))
		release = true;

	if (release)
		frag->netmem = 0;
	else
		page_pool_ref_netmem(netmem);
}

static bool demo_exclusive(const struct demo_frag *frag)
{
	return netmem_ref_count(frag->netmem) == 1;
}

static void demo_free(struct demo_ring *ring)
{
	u32 i;

	for (i = 0; i < ring->size; i++) {
		struct demo_frag *frag = &ring->frags[i];

		if (!frag->netmem)
			continue;

		page_pool_put_full_netmem(ring->pool, frag->netmem,
					  demo_exclusive(frag));
	}
}
