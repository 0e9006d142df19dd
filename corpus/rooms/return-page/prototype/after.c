// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_entry {
	struct page *page;
	dma_addr_t dma;
};

static struct page *demo_get(struct page_pool *pool, u32 room,
			     unsigned int *offset);

int demo_fill(struct page_pool *pool, struct demo_entry *e, u32 count)
{
	u32 done;

	for (done = 0; done < count; done++) {
		struct page *rx_page;
		unsigned int offset;
		void *buf;

		rx_page = demo_get(pool, count, &offset);
		if (unlikely(rx_page == NULL))
			break;

		buf = page_address(rx_page) + offset + (count << 1);
		e[done].page = rx_page;
		e[done].dma = page_pool_get_dma_addr(rx_page) +
			      offset;
		prefetchw(buf);
	}
	return done;
}

int demo_fill_one(struct page_pool *pool, struct demo_entry *e, u32 size)
{
	struct page *rx_page;
	unsigned int offset;
	u8 *buf = NULL;

	if (e->page)
		goto done;
	/* A whole one. */
	rx_page = demo_get(pool, size, &offset);
	if (!rx_page)
		return -ENOMEM;
	buf = page_address(rx_page) + offset + (size << 1);
	e->page = rx_page;
	e->dma = page_pool_get_dma_addr(e->page) + offset;
done:
	prefetch(buf);
	return 0;
}

static struct page *demo_get(struct page_pool *pool, u32 room,
			     unsigned int *offset)
{
	struct page *page = page_pool_dev_alloc_frag(pool, offset, 2048);

	if (!page)
		return NULL;

	return page;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, e->page, NET_SKB_PAD, len, PAGE_SIZE);
}
