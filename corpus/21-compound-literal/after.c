// SPDX-License-Identifier: GPL-2.0-only
/* Slots filled by compound literals and by designated initialisers. */
#include "netmem_stub.h"

#define DEMO_FIFO_SIZE	64

enum demo_mode {
	DEMO_MODE_NONE,
	DEMO_MODE_RX,
};

struct demo_info {
	enum demo_mode mode;
	struct {
		netmem_ref netmem;
		dma_addr_t dma;
		u32 len;
	} rx;
};

struct demo_fifo {
	struct demo_info info[DEMO_FIFO_SIZE];
	struct page_pool *pool;
	u32 pc;
	u32 cc;
};

static const struct demo_info demo_empty = {
	.mode = DEMO_MODE_NONE,
	.rx = {
		.netmem = 0,
	},
};

static void demo_push(struct demo_fifo *fifo, struct demo_info info)
{
	fifo->info[fifo->pc++ % DEMO_FIFO_SIZE] = info;
}

static struct demo_info demo_pop(struct demo_fifo *fifo)
{
	u32 i = fifo->cc++ % DEMO_FIFO_SIZE;
	struct demo_info info = fifo->info[i];

	fifo->info[i] = demo_empty;
	return info;
}

static int demo_post(struct demo_fifo *fifo)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(fifo->pool);

	if (!netmem)
		return -ENOMEM;

	demo_push(fifo, (struct demo_info) {
		.mode = DEMO_MODE_RX,
		.rx = {
			.netmem = netmem,
			.dma = page_pool_get_dma_addr_netmem(netmem),
		},
	});
	return 0;
}

static void demo_repost(struct demo_fifo *fifo, const struct demo_info *old)
{
	struct demo_info info = {
		.mode = DEMO_MODE_RX,
		.rx.netmem = old->rx.netmem,
		.rx.dma = old->rx.dma,
	};

	demo_push(fifo, info);
}

static void demo_complete(struct demo_fifo *fifo, struct sk_buff *skb)
{
	struct demo_info info = demo_pop(fifo);

	if (info.mode != DEMO_MODE_RX || !info.rx.netmem)
		return;

	if (!info.rx.len) {
		demo_repost(fifo, &info);
		return;
	}

	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, info.rx.netmem,
			       0, info.rx.len, PAGE_SIZE);
}

static void demo_flush(struct demo_fifo *fifo)
{
	while (fifo->cc != fifo->pc) {
		struct demo_info info = demo_pop(fifo);

		if (info.rx.netmem)
			page_pool_put_full_netmem(fifo->pool, info.rx.netmem,
						  false);
	}
}
