// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

enum demo_type {
	DEMO_NONE = 0,
	DEMO_PAGE = 1 << 0,
	DEMO_POOL = 1 << 1,
};

struct demo_ring {
	struct page_pool *page_pool;
	u32 size;
};

struct demo_buf {
	struct page *page;
	dma_addr_t dma;
	u16 type;
};

int demo_fill(struct demo_ring *ring, struct demo_buf *buf)
{
	struct page *page, *own;

	if (!ring->page_pool) {
		own = alloc_page(GFP_ATOMIC);
		buf->page = own;
		buf->type = DEMO_PAGE;
		return own ? 0 : -ENOMEM;
	}

	page = page_pool_dev_alloc_pages(ring->page_pool);
	if (!page)
		return -ENOMEM;

	buf->page = page;
	buf->type = DEMO_POOL;
	buf->dma = page_pool_get_dma_addr(page);
	return 0;
}

void demo_frag(struct demo_buf *buf, struct sk_buff *skb, int len)
{
	if (buf->type & DEMO_PAGE)
		skb_add_rx_frag(skb, 0, buf->page, 0, len, PAGE_SIZE);
	else if (buf->type & DEMO_POOL)
		skb_add_rx_frag(skb, 1, buf->page, 0, len, PAGE_SIZE);
}

static void demo_bias(struct demo_buf *buf)
{
	page_ref_add(buf->page, 1);
}

void demo_drop(struct demo_ring *ring, struct demo_buf *buf)
{
	if (ring->page_pool)
		page_pool_put_full_page(ring->page_pool, buf->page, false);
	else
		demo_bias(buf);
	buf->page = NULL;
}

void demo_reuse(struct demo_ring *ring, struct demo_buf *buf)
{
	if (dev_page_is_reusable(buf->page))
		buf->dma++;
	else if (buf->type & DEMO_POOL)
		page_pool_put_full_page(ring->page_pool, buf->page, false);
}

void demo_keep(struct demo_buf *buf, void *cookie)
{
	buf->page = cookie;
	buf->type = DEMO_NONE;
}
