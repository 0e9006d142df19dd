// SPDX-License-Identifier: GPL-2.0-only
/* A pool page in a `void *` that holds something else for another type. */
#include "netmem_stub.h"

enum demo_desc_type {
	DEMO_DESC_NONE,
	DEMO_DESC_SKB,
	DEMO_DESC_PAGE,
};

struct demo_desc_cb {
	dma_addr_t dma;
	void *priv;
	u32 length;
	enum demo_desc_type type;
};

struct demo_ring {
	struct demo_desc_cb cb[64];
	struct page_pool *pool;
};

static int demo_alloc_buffer(struct demo_ring *ring, struct demo_desc_cb *cb)
{
	struct page *p;

	p = page_pool_dev_alloc_pages(ring->pool);
	if (unlikely(!p))
		return -ENOMEM;

	cb->priv = p;
	cb->dma = page_pool_get_dma_addr(p);
	cb->type = DEMO_DESC_PAGE;
	return 0;
}

static void demo_tx_map(struct demo_desc_cb *cb, struct sk_buff *skb)
{
	cb->priv = skb;
	cb->length = skb->len;
	cb->type = DEMO_DESC_SKB;
}

static void demo_rx_add_frag(struct demo_desc_cb *cb, struct sk_buff *skb)
{
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, cb->priv, 0,
			cb->length, PAGE_SIZE);
	cb->priv = NULL;
	cb->type = DEMO_DESC_NONE;
}

static void demo_free_buffer(struct demo_ring *ring, struct demo_desc_cb *cb)
{
	switch (cb->type) {
	case DEMO_DESC_SKB:
		dev_kfree_skb_any(cb->priv);
		break;
	case DEMO_DESC_PAGE:
		page_pool_put_full_page(ring->pool, cb->priv, false);
		break;
	case DEMO_DESC_NONE:
		return;
	}

	cb->priv = NULL;
	cb->type = DEMO_DESC_NONE;
}

static void demo_clean_ring(struct demo_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->cb); i++)
		demo_free_buffer(ring, &ring->cb[i]);
}
