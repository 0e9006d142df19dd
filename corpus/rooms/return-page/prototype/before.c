// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_entry {
	struct page *page;
	dma_addr_t dma;
};

static void *demo_get(struct page_pool *pool, u32 room,
		      unsigned int *offset);

int demo_fill(struct page_pool *pool, struct demo_entry *e, u32 count)
{
	u32 done;

	for (done = 0; done < count; done++) {
		unsigned int offset;
		void *buf;

		buf = demo_get(pool, count, &offset);
		if (unlikely(buf == NULL))
			break;

		e[done].page = virt_to_head_page(buf);
		e[done].dma = page_pool_get_dma_addr(virt_to_head_page(buf)) +
			      offset;
		prefetchw(buf);
	}
	return done;
}

int demo_fill_one(struct page_pool *pool, struct demo_entry *e, u32 size)
{
	unsigned int offset;
	u8 *buf = NULL;

	if (e->page)
		goto done;
	/* A whole one. */
	buf = demo_get(pool, size, &offset);
	if (!buf)
		return -ENOMEM;
	e->page = virt_to_head_page(buf);
	e->dma = page_pool_get_dma_addr(e->page) + offset;
done:
	prefetch(buf);
	return 0;
}

static void *demo_get(struct page_pool *pool, u32 room,
		      unsigned int *offset)
{
	struct page *page = page_pool_dev_alloc_frag(pool, offset, 2048);

	if (!page)
		return NULL;

	return page_address(page) + *offset + (room << 1);
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, e->page, NET_SKB_PAD, len, PAGE_SIZE);
}
