// SPDX-License-Identifier: GPL-2.0-only
/* An array of pool pages, allocated by its element size and walked. */
#include "netmem_stub.h"

struct demo_entry {
	netmem_ref netmem;
	dma_addr_t dma;
};

struct demo_rx {
	struct demo_entry *entry;
	netmem_ref *page_buffer;
	struct page_pool *pool;
	int size;
};

static void demo_free_page_buffer(struct demo_rx *rx)
{
	netmem_ref *netmem;

	/* the last element is always empty and ends the walk */
	netmem = rx->page_buffer;
	while (*netmem) {
		page_pool_put_full_netmem(rx->pool, *netmem, false);
		*netmem = 0;
		netmem++;
	}
}

static int demo_alloc_page_buffer(struct demo_rx *rx)
{
	int i;

	for (i = 0; i < rx->size - 1; i++) {
		rx->page_buffer[i] = page_pool_dev_alloc_netmems(rx->pool);
		if (!rx->page_buffer[i]) {
			demo_free_page_buffer(rx);
			return -ENOMEM;
		}
	}

	return 0;
}

static void demo_rx_reopen(struct demo_rx *rx)
{
	netmem_ref *netmem = rx->page_buffer;
	int i;

	for (i = 0; i < rx->size - 1; i++) {
		struct demo_entry *entry = &rx->entry[i];

		entry->netmem = *netmem;
		entry->dma = page_pool_get_dma_addr_netmem(*netmem);
		*netmem++ = 0;
	}
}

static void demo_rx_close(struct demo_rx *rx)
{
	netmem_ref *netmem = rx->page_buffer;
	int i;

	/* keep the pages for the next open */
	for (i = 0; i < rx->size - 1; i++) {
		if (!rx->entry[i].netmem)
			continue;
		*netmem++ = rx->entry[i].netmem;
		rx->entry[i].netmem = 0;
	}
}

static void demo_rx_frag(struct demo_rx *rx, struct sk_buff *skb, int i,
			 int len)
{
	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags,
			       rx->entry[i].netmem, 0, len, PAGE_SIZE);
	rx->entry[i].netmem = 0;
}

static int demo_rx_init(struct demo_rx *rx)
{
	rx->page_buffer = kcalloc(rx->size, sizeof(netmem_ref), GFP_KERNEL);
	if (!rx->page_buffer)
		return -ENOMEM;

	rx->entry = kcalloc(rx->size, sizeof(*rx->entry), GFP_KERNEL);
	if (!rx->entry) {
		kfree(rx->page_buffer);
		return -ENOMEM;
	}

	return demo_alloc_page_buffer(rx);
}
