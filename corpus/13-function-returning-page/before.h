/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEMO_H
#define DEMO_H

#include "netmem_stub.h"

struct demo_rx_bd {
	struct page *page;
	unsigned int offset;
	dma_addr_t mapping;
};

struct demo_rxr {
	struct demo_rx_bd bd[256];
	struct page_pool *pool;
	unsigned int frag_size;
};

struct page *demo_alloc_rx_page(struct demo_rxr *rxr, dma_addr_t *mapping,
				unsigned int *offset);
void demo_free_rx_page(struct demo_rxr *rxr, struct page *page, bool napi);
int demo_fill_bd(struct demo_rxr *rxr, u16 prod);
void demo_free_rxr(struct demo_rxr *rxr);

#endif /* DEMO_H */
