/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEMO_H
#define DEMO_H

#include "netmem_stub.h"

struct demo_rx_bd {
	netmem_ref netmem;
	unsigned int offset;
	dma_addr_t mapping;
};

struct demo_rxr {
	struct demo_rx_bd bd[256];
	struct page_pool *pool;
	unsigned int frag_size;
};

netmem_ref demo_alloc_rx_page(struct demo_rxr *rxr, dma_addr_t *mapping,
			      unsigned int *offset);
void demo_free_rx_page(struct demo_rxr *rxr, netmem_ref netmem, bool napi);
int demo_fill_bd(struct demo_rxr *rxr, u16 prod);
void demo_free_rxr(struct demo_rxr *rxr);

#endif /* DEMO_H */
