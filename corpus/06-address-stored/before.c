// SPDX-License-Identifier: GPL-2.0-only
/* Only the address of a pool page is kept; the page is found from it again. */
#include "netmem_stub.h"

struct demo_queue_entry {
	void *buf;
	dma_addr_t dma_addr;
	u16 dma_len;
};

struct demo_queue {
	struct demo_queue_entry entry[256];
	struct page_pool *pool;
	struct sk_buff *skb;
	int buf_size;
	u16 head;
	u16 tail;
};

static int demo_queue_fill(struct demo_queue *q)
{
	int nframes = 0;

	while (q->head != q->tail) {
		struct demo_queue_entry *e = &q->entry[q->head];
		unsigned int offset;
		struct page *page;

		page = page_pool_dev_alloc_frag(q->pool, &offset, q->buf_size);
		if (!page)
			break;

		e->buf = page_address(page) + offset;
		e->dma_addr = page_pool_get_dma_addr(page) + offset;
		e->dma_len = q->buf_size;
		q->head = (q->head + 1) % ARRAY_SIZE(q->entry);
		nframes++;
	}

	return nframes;
}

static int demo_queue_rx(struct demo_queue *q, struct demo_queue_entry *e,
			 int len)
{
	struct page *page = virt_to_head_page(e->buf);

	if (!q->skb) {
		q->skb = napi_build_skb(e->buf, q->buf_size);
		if (!q->skb)
			goto free_frag;

		skb_mark_for_recycle(q->skb);
		skb_put(q->skb, len);
		return 0;
	}

	skb_add_rx_frag(q->skb, skb_shinfo(q->skb)->nr_frags, page,
			(u8 *)e->buf - (u8 *)page_address(page), len,
			q->buf_size);
	return 0;

free_frag:
	page_pool_put_full_page(q->pool, page, true);
	return -ENOMEM;
}

static void demo_queue_cleanup(struct demo_queue *q)
{
	while (q->tail != q->head) {
		struct demo_queue_entry *e = &q->entry[q->tail];
		struct page *page = virt_to_head_page(e->buf);

		page_pool_put_full_page(q->pool, page, false);
		q->tail = (q->tail + 1) % ARRAY_SIZE(q->entry);
	}
}
