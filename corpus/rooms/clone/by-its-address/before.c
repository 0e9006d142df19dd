// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_bd {
	struct page *page;
	dma_addr_t dma;
};

struct demo_head {
	void *data;
};

void demo_see(struct page **page);

struct demo_pkt {
	struct skb_shared_info *info;
	void *head;
};

int demo_put_frag(struct page_pool *pool, struct demo_bd *bd,
		  struct demo_pkt *pkt)
{
	bd->page = page_pool_dev_alloc_pages(pool);
	if (!bd->page)
		return -ENOMEM;

	skb_frag_fill_page_desc(&pkt->info->frags[pkt->info->nr_frags++],
				bd->page, 0, 64);
	return 0;
}

void demo_drop(struct page_pool *pool, struct demo_pkt *pkt)
{
	struct page *page;
	int i;

	for (i = 0; i < pkt->info->nr_frags; i++) {
		page = skb_frag_page(&pkt->info->frags[i]);
		page_pool_put_full_page(pool, page, false);
	}

	page = virt_to_page(pkt->head);
	demo_see(&page);
	page_pool_put_full_page(pool, page, false);
}
