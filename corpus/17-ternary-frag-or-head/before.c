// SPDX-License-Identifier: GPL-2.0-only
/* XDP Tx takes the head by address and the frags from the frame: both pages. */
#include "netmem_stub.h"

struct demo_rx_entry {
	netmem_ref netmem;
	dma_addr_t dma;
};

struct demo_tx_entry {
	struct xdp_frame *frame;
	dma_addr_t dma;
	unsigned int len;
};

struct demo_queue {
	struct demo_rx_entry rx[64];
	struct demo_tx_entry tx[64];
	struct page_pool *pool;
	struct device *dev;
};

static int demo_rx_alloc(struct demo_queue *q, int i)
{
	struct demo_rx_entry *entry = &q->rx[i];

	entry->netmem = page_pool_dev_alloc_netmems(q->pool);
	if (unlikely(!entry->netmem))
		return -ENOMEM;

	entry->dma = page_pool_get_dma_addr_netmem(entry->netmem);
	return 0;
}

static void demo_rx_free(struct demo_queue *q, int i)
{
	struct demo_rx_entry *entry = &q->rx[i];

	if (entry->netmem)
		page_pool_put_full_netmem(q->pool, entry->netmem, false);
	entry->netmem = 0;
}

static int demo_xdp_tx_map(struct demo_queue *q, struct xdp_frame *frame,
			   int count)
{
	struct skb_shared_info *sinfo = xdp_get_shared_info_from_frame(frame);
	unsigned int len = frame->len;
	skb_frag_t *frag = NULL;
	int i;

	for (i = 0; i < count; i++) {
		struct demo_tx_entry *entry = &q->tx[i];
		struct page *page;
		dma_addr_t dma;

		page = frag ? skb_frag_page(frag) : virt_to_page(frame->data);
		dma = page_pool_get_dma_addr(page);
		if (frag)
			dma += skb_frag_off(frag);
		else
			dma += sizeof(*frame) + frame->headroom;

		dma_sync_single_for_device(q->dev, dma, len,
					   DMA_BIDIRECTIONAL);
		entry->dma = dma;
		entry->len = len;
		entry->frame = frame;

		frag = &sinfo->frags[i];
		len = skb_frag_size(frag);
	}

	return i;
}
