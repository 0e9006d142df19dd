// SPDX-License-Identifier: GPL-2.0-only
/* CPU syncs already go through the pool. */
#include "netmem_stub.h"

#define DEMO_COPYBREAK	128

struct demo_rx_info {
	struct page *page;
	dma_addr_t dma;
	u32 page_offset;
};

struct demo_rxq {
	struct demo_rx_info *info;
	struct page_pool *page_pool;
	u32 buf_len;
	u16 mask;
	u16 next;
};

static int demo_fill(struct demo_rxq *rxq, struct demo_rx_info *info)
{
	struct page *page;
	u32 offset;

	page = page_pool_dev_alloc_frag(rxq->page_pool, &offset, rxq->buf_len);
	if (unlikely(!page))
		return -ENOMEM;

	info->page = page;
	info->page_offset = offset;
	info->dma = page_pool_get_dma_addr(page);
	return 0;
}

static void demo_add_frag(struct demo_rxq *rxq, struct demo_rx_info *info,
			  struct sk_buff *skb, u32 size)
{
	struct page *page;
	u8 *va;

	page = info->page;
	page_pool_dma_sync_for_cpu(rxq->page_pool, page, info->page_offset,
				   size);

	if (size <= DEMO_COPYBREAK) {
		va = (u8 *)page_address(page) + info->page_offset;
		net_prefetch(va);
		skb_put_data(skb, va, size);
		page_pool_put_full_page(rxq->page_pool, page, false);
	} else {
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page,
				info->page_offset, size, rxq->buf_len);
	}
	info->page = NULL;
}

static void demo_peek(struct demo_rxq *rxq, u32 len)
{
	struct demo_rx_info *info = &rxq->info[rxq->next & rxq->mask];

	page_pool_dma_sync_for_cpu(rxq->page_pool, info->page,
				   info->page_offset, len);
	net_prefetch(page_address(info->page) + info->page_offset);
}

static void demo_free(struct demo_rxq *rxq)
{
	u32 i;

	for (i = 0; i <= rxq->mask; i++) {
		struct demo_rx_info *info = &rxq->info[i];

		if (!info->page)
			continue;

		page_pool_put_full_page(rxq->page_pool, info->page, false);
		info->page = NULL;
	}
}
