// SPDX-License-Identifier: GPL-2.0-only
/* XDP drops the page it finds from the buffer's address; the ring converts. */
#include "netmem_stub.h"

#define DEMO_XDP_CONSUMED	1

struct demo_rx_slot {
	struct page *page;
	dma_addr_t dma;
};

struct demo_rx_ring {
	struct demo_rx_slot slot[64];
	struct xdp_rxq_info *xdp_rxq;
	struct bpf_prog *prog;
	struct page_pool *pool;
	u32 frame_sz;
};

static int demo_rx_refill(struct demo_rx_ring *ring, int i)
{
	struct demo_rx_slot *slot = &ring->slot[i];

	slot->page = page_pool_dev_alloc_pages(ring->pool);
	if (!slot->page)
		return -ENOMEM;

	slot->dma = page_pool_get_dma_addr(slot->page) + XDP_PACKET_HEADROOM;
	return 0;
}

static int demo_run_xdp(struct demo_rx_ring *ring, struct xdp_buff *xdp)
{
	unsigned int sync = xdp->data_end - xdp->data;

	switch (bpf_prog_run_xdp(ring->prog, xdp)) {
	case XDP_PASS:
		return 0;
	case XDP_TX:
	case XDP_REDIRECT:
		return DEMO_XDP_CONSUMED;
	default:
		page_pool_put_page(ring->pool, virt_to_head_page(xdp->data),
				   sync, true);
		return DEMO_XDP_CONSUMED;
	}
}

static struct sk_buff *demo_rx_one(struct demo_rx_ring *ring, int i, u32 len)
{
	struct demo_rx_slot *slot = &ring->slot[i];
	struct sk_buff *skb = NULL;
	struct xdp_buff xdp;
	void *va;

	va = page_address(slot->page);
	prefetch(va);
	xdp_init_buff(&xdp, ring->frame_sz, ring->xdp_rxq);
	xdp_prepare_buff(&xdp, va, XDP_PACKET_HEADROOM, len, false);
	if (demo_run_xdp(ring, &xdp))
		goto out;

	skb = napi_build_skb(va, ring->frame_sz);
	if (unlikely(!skb)) {
		page_pool_recycle_direct(ring->pool, slot->page);
		goto out;
	}

	skb_mark_for_recycle(skb);
	skb_reserve(skb, XDP_PACKET_HEADROOM);
	skb_put(skb, len);
out:
	slot->page = NULL;
	return skb;
}

static void demo_rx_free(struct demo_rx_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->slot); i++) {
		struct page *page = ring->slot[i].page;

		if (!page)
			continue;

		page_pool_put_full_page(ring->pool, page, false);
	}
}
