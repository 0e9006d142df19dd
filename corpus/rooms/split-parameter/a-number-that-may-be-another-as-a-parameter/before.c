// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_frame {
	void *data;
	u32 len;
};

struct demo_tx {
	struct demo_frame *frame;
	struct page *page;
	dma_addr_t dma;
	bool redirected;
};

static int demo_xmit(struct demo_tx *tx, void *ptr, u16 len)
{
	struct demo_frame *frame;
	struct page *page;

	if (tx->dma)
		return -EINVAL;

	/* Which of both? */
	if (!len) {
		frame = ptr;

		if (!frame->len)
			return -EINVAL;

		tx->frame = frame;
		tx->dma = frame->len;
	} else {
		page = ptr;
		tx->page = page;
		tx->dma = page_pool_get_dma_addr(page) +
			  len;
	}

	tx->redirected = !len;
	return 0;
}

int demo_send(struct demo_tx *tx, struct demo_frame *frame)
{
	return demo_xmit(tx, frame, 0);
}

int demo_fill(struct page_pool *pool, struct demo_tx *tx, u32 len)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return -ENOMEM;

	return demo_xmit(tx, page, 0x180);
}

void demo_frag(struct demo_tx *tx, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, tx->page, NET_SKB_PAD, len, PAGE_SIZE);
}
