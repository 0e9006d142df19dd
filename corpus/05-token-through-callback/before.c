// SPDX-License-Identifier: GPL-2.0-only
/* A pool page is a token: a number in the ring, void * in the callback. */
#include "netmem_stub.h"

struct demo_desc {
	unsigned long token;
	dma_addr_t dma;
};

struct demo_chan {
	struct demo_desc desc[64];
	void (*handler)(void *token, int len);
	struct page_pool *pool;
	u16 tail;
};

static void demo_submit(struct demo_chan *chan, void *token, dma_addr_t dma)
{
	struct demo_desc *desc = &chan->desc[chan->tail];

	desc->token = (unsigned long)token;
	desc->dma = dma;
	chan->tail = (chan->tail + 1) % ARRAY_SIZE(chan->desc);
}

static int demo_refill(struct demo_chan *chan)
{
	struct page *page = page_pool_dev_alloc_pages(chan->pool);

	if (!page)
		return -ENOMEM;

	demo_submit(chan, page, page_pool_get_dma_addr(page));
	return 0;
}

static void demo_complete(struct demo_chan *chan, u16 i, int len)
{
	chan->handler((void *)chan->desc[i].token, len);
}
