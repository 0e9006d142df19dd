// SPDX-License-Identifier: GPL-2.0-only
/* A pool page in a union with what the other receive mode keeps. */
#include "netmem_stub.h"

#define DEMO_RX_HEADROOM	XDP_PACKET_HEADROOM

union demo_tx_slot {
	struct sk_buff *skb;
	struct xdp_frame *frame;
};

struct demo_rx_entry {
	union {
		struct page *page;
		struct xdp_buff *xdp;
	};
	dma_addr_t dma;
	u32 len;
};

struct demo_rx {
	struct demo_rx_entry entry[128];
	struct page_pool *pool;
	bool zero_copy;
};

static void demo_rx_set_page(struct demo_rx_entry *entry, struct page *page)
{
	entry->page = page;
	entry->dma = page_pool_get_dma_addr(entry->page) + DEMO_RX_HEADROOM;
}

static int demo_rx_alloc_buffer(struct demo_rx *rx, int i)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(rx->pool);
	if (unlikely(!page))
		return -ENOMEM;

	demo_rx_set_page(&rx->entry[i], page);
	return 0;
}

static void demo_rx_reuse_buffer(struct demo_rx *rx, int to, int from)
{
	demo_rx_set_page(&rx->entry[to], rx->entry[from].page);
	rx->entry[from].page = NULL;
}

static struct sk_buff *demo_rx_page(struct demo_rx *rx,
				    struct napi_struct *napi,
				    struct demo_rx_entry *entry)
{
	struct sk_buff *skb;

	skb = napi_alloc_skb(napi, 128);
	if (unlikely(!skb)) {
		page_pool_recycle_direct(rx->pool, entry->page);
		entry->page = NULL;
		return NULL;
	}

	skb_add_rx_frag(skb, 0, entry->page, DEMO_RX_HEADROOM, entry->len,
			PAGE_SIZE);
	skb_mark_for_recycle(skb);
	entry->page = NULL;

	return skb;
}

static void demo_rx_free(struct demo_rx *rx)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rx->entry); i++) {
		struct demo_rx_entry *entry = &rx->entry[i];

		if (rx->zero_copy) {
			entry->xdp = NULL;
			continue;
		}

		if (entry->page)
			page_pool_put_full_page(rx->pool, entry->page, false);
		entry->page = NULL;
	}
}
