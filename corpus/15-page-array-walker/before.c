// SPDX-License-Identifier: GPL-2.0-only
/* An array of pool pages, allocated by its element size and walked. */
#include "netmem_stub.h"

struct demo_entry {
	struct page *page;
	dma_addr_t dma;
};

struct demo_rx {
	struct demo_entry *entry;
	struct page **page_buffer;
	struct page_pool *pool;
	int size;
};

static void demo_free_page_buffer(struct demo_rx *rx)
{
	struct page **page;

	/* the last element is always empty and ends the walk */
	page = rx->page_buffer;
	while (*page) {
		page_pool_put_full_page(rx->pool, *page, false);
		*page = NULL;
		page++;
	}
}

static int demo_alloc_page_buffer(struct demo_rx *rx)
{
	int i;

	for (i = 0; i < rx->size - 1; i++) {
		rx->page_buffer[i] = page_pool_dev_alloc_pages(rx->pool);
		if (!rx->page_buffer[i]) {
			demo_free_page_buffer(rx);
			return -ENOMEM;
		}
	}

	return 0;
}

static void demo_rx_reopen(struct demo_rx *rx)
{
	struct page **page = rx->page_buffer;
	int i;

	for (i = 0; i < rx->size - 1; i++) {
		struct demo_entry *entry = &rx->entry[i];

		entry->page = *page;
		entry->dma = page_pool_get_dma_addr(*page);
		*page++ = NULL;
	}
}

static void demo_rx_close(struct demo_rx *rx)
{
	struct page **page = rx->page_buffer;
	int i;

	/* keep the pages for the next open */
	for (i = 0; i < rx->size - 1; i++) {
		if (!rx->entry[i].page)
			continue;
		*page++ = rx->entry[i].page;
		rx->entry[i].page = NULL;
	}
}

static void demo_rx_frag(struct demo_rx *rx, struct sk_buff *skb, int i,
			 int len)
{
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, rx->entry[i].page, 0,
			len, PAGE_SIZE);
	rx->entry[i].page = NULL;
}

static int demo_rx_init(struct demo_rx *rx)
{
	rx->page_buffer = kcalloc(rx->size, sizeof(struct page *), GFP_KERNEL);
	if (!rx->page_buffer)
		return -ENOMEM;

	rx->entry = kcalloc(rx->size, sizeof(*rx->entry), GFP_KERNEL);
	if (!rx->entry) {
		kfree(rx->page_buffer);
		return -ENOMEM;
	}

	return demo_alloc_page_buffer(rx);
}
