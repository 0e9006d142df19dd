// SPDX-License-Identifier: GPL-2.0-only
/* XDP Tx finds the page of a received buffer from its address. */
#include "netmem_stub.h"

struct demo_tx_info {
	struct xdp_frame *frame;
	dma_addr_t dma;
	u32 len;
};

struct demo_tx_ring {
	struct demo_tx_info info[64];
	struct page_pool *pool;
	struct device *dev;
	u16 next;
};

static void demo_xmit_xdp_frame(struct demo_tx_ring *ring,
				struct xdp_frame *frame)
{
	struct demo_tx_info *info = &ring->info[ring->next];
	struct page *page = virt_to_page(frame->data);

	info->dma = page_pool_get_dma_addr(page) + sizeof(*frame) +
		    frame->headroom;
	info->len = frame->len;
	info->frame = frame;

	dma_sync_single_for_device(ring->dev, info->dma, info->len,
				   DMA_BIDIRECTIONAL);
	ring->next = (ring->next + 1) % ARRAY_SIZE(ring->info);
}

static int demo_xdp_tx(struct demo_tx_ring *ring, struct xdp_buff *xdp)
{
	struct xdp_frame *frame = xdp_convert_buff_to_frame(xdp);
	struct page *page;

	if (unlikely(!frame)) {
		page = virt_to_page(xdp->data);
		page_pool_recycle_direct(ring->pool, page);
		return -ENOSPC;
	}

	demo_xmit_xdp_frame(ring, frame);
	return 0;
}

static void demo_clean_tx(struct demo_tx_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->info); i++) {
		if (ring->info[i].frame)
			xdp_return_frame(ring->info[i].frame);
		ring->info[i].frame = NULL;
	}
}
