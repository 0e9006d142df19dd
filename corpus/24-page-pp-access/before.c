// SPDX-License-Identifier: GPL-2.0-only
/* The pool of a page is asked of the page itself. */
#include "netmem_stub.h"

struct demo_rx_buf {
	struct page *page;
	u32 offset;
	u32 len;
};

struct demo_rx_ring {
	struct demo_rx_buf buf[64];
	struct page_pool *pools[2];
	u32 hdr_room;
};

static int demo_alloc(struct demo_rx_ring *ring, int i, int which)
{
	struct demo_rx_buf *buf = &ring->buf[i];

	buf->page = page_pool_dev_alloc_pages(ring->pools[which]);
	if (!buf->page)
		return -ENOMEM;

	buf->offset = pp_page_to_nmdesc(buf->page)->pp->p.offset;
	return 0;
}

static bool demo_same_pool(const struct demo_rx_buf *a,
			   const struct demo_rx_buf *b)
{
	return pp_page_to_nmdesc(a->page)->pp == pp_page_to_nmdesc(b->page)->pp;
}

static bool demo_is_shared(struct page *page)
{
	return atomic_long_read(&pp_page_to_nmdesc(page)->pp_ref_count) != 1;
}

static void demo_recycle(struct demo_rx_buf *buf)
{
	struct page *page = buf->page;

	if (demo_is_shared(page))
		page_pool_put_full_page(pp_page_to_nmdesc(page)->pp, page,
					false);
	else
		page_pool_recycle_direct(pp_page_to_nmdesc(page)->pp, page);
	buf->page = NULL;
}

static void demo_frag(struct demo_rx_buf *buf, struct sk_buff *skb)
{
	struct page_pool *pool = pp_page_to_nmdesc(buf->page)->pp;

	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, buf->page,
			buf->offset + pool->p.offset, buf->len, PAGE_SIZE);
	buf->page = NULL;
}

static void demo_free(struct demo_rx_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->buf); i++) {
		if (ring->buf[i].page)
			demo_recycle(&ring->buf[i]);
	}
}
