// SPDX-License-Identifier: GPL-2.0-only
/* A pool page is folded into the integer that the hardware hands back. */
#include "netmem_stub.h"

#define DEMO_TOKEN_POOL	0x1UL

struct demo_rx_desc {
	u64 token;
	u64 addr;
};

struct demo_ring {
	struct demo_rx_desc *desc;
	struct page_pool *pool;
	u32 head;
	u32 size;
};

static int demo_post(struct demo_ring *ring)
{
	struct demo_rx_desc *desc = &ring->desc[ring->head];
	struct page *page;

	page = page_pool_dev_alloc_pages(ring->pool);
	if (!page)
		return -ENOMEM;

	desc->token = (unsigned long)page | DEMO_TOKEN_POOL;
	desc->addr = page_pool_get_dma_addr(page);
	ring->head = (ring->head + 1) % ring->size;
	return 0;
}

static struct page *demo_token_to_page(u64 token)
{
	if (!(token & DEMO_TOKEN_POOL))
		return NULL;

	return (struct page *)(unsigned long)(token & ~DEMO_TOKEN_POOL);
}

static void demo_rx(struct demo_ring *ring, u64 token, struct sk_buff *skb,
		    u32 len)
{
	struct page *page = demo_token_to_page(token);

	if (!page)
		return;

	if (!len) {
		page_pool_recycle_direct(ring->pool, page);
		return;
	}

	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 0, len,
			PAGE_SIZE);
}

static void demo_free(struct demo_ring *ring)
{
	u32 i;

	for (i = 0; i < ring->size; i++) {
		struct page *page = demo_token_to_page(ring->desc[i].token);

		if (page)
			page_pool_put_full_page(ring->pool, page, false);
		ring->desc[i].token = 0;
	}
}
