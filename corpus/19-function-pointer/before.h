/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEMO_H
#define DEMO_H

#include "netmem_stub.h"

struct demo_ring;

struct demo_rx_buf {
	struct page *page;
	dma_addr_t dma;
};

struct demo_ring_ops {
	struct sk_buff *(*build)(struct demo_ring *ring, struct page *page,
				 u32 len);
	void (*release)(struct demo_ring *ring, struct page *page);
};

struct demo_ring {
	struct demo_rx_buf buf[64];
	const struct demo_ring_ops *ops;
	struct napi_struct *napi;
	struct page_pool *pool;
};

#endif /* DEMO_H */
