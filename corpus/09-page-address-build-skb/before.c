// SPDX-License-Identifier: GPL-2.0-only
/* The address of a pool page, plus an offset, ends in an skb's head. */
#include "netmem_stub.h"

#define DEMO_RX_PAD	(NET_SKB_PAD + NET_IP_ALIGN)

struct demo_status {
	u32 length_status;
	u32 csum;
};

struct demo_cb {
	struct page *rx_page;
	unsigned int rx_offset;
	dma_addr_t dma;
};

struct demo_priv {
	struct demo_cb cbs[128];
	struct page_pool *pool;
	unsigned int rx_size;
};

static int demo_rx_refill(struct demo_priv *priv, struct demo_cb *cb)
{
	unsigned int size = priv->rx_size;
	struct page *page;

	page = page_pool_dev_alloc(priv->pool, &cb->rx_offset, &size);
	if (!page)
		return -ENOMEM;

	cb->rx_page = page;
	cb->dma = page_pool_get_dma_addr(page) + cb->rx_offset;
	return 0;
}

static struct sk_buff *demo_rx_one(struct demo_priv *priv, struct demo_cb *cb)
{
	unsigned int offset = cb->rx_offset;
	struct page *rx_page = cb->rx_page;
	struct demo_status *status;
	struct sk_buff *skb;
	void *hard_start;
	u32 len;

	cb->rx_page = NULL;
	page_pool_dma_sync_for_cpu(priv->pool, rx_page, offset,
				   priv->rx_size);

	hard_start = page_address(rx_page) + offset;
	status = hard_start;
	len = status->length_status >> 16;
	if (unlikely(!len)) {
		page_pool_put_full_page(priv->pool, rx_page, true);
		return NULL;
	}

	skb = napi_build_skb(hard_start, priv->rx_size);
	if (unlikely(!skb)) {
		page_pool_put_full_page(priv->pool, rx_page, true);
		return NULL;
	}

	skb_mark_for_recycle(skb);
	skb_reserve(skb, DEMO_RX_PAD);
	skb_put(skb, len);
	return skb;
}

static void demo_free_rx(struct demo_priv *priv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(priv->cbs); i++) {
		struct demo_cb *cb = &priv->cbs[i];

		if (!cb->rx_page)
			continue;

		page_pool_put_full_page(priv->pool, cb->rx_page, false);
		cb->rx_page = NULL;
	}
}
