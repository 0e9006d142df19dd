// SPDX-License-Identifier: GPL-2.0-only
/* Pages of the stack on the Tx side, in a driver whose Rx is converted. */
#include "netmem_stub.h"

struct demo_tx_slot {
	struct sk_buff *skb;
	struct page *page;
	dma_addr_t dma;
};

struct demo_queue {
	struct demo_tx_slot tx[64];
	netmem_ref rx[64];
	struct page_pool *pool;
	struct device *dev;
};

static int demo_tx_map_frag(struct demo_queue *q, struct demo_tx_slot *slot,
			    const skb_frag_t *frag)
{
	struct page *page = skb_frag_page(frag);

	slot->dma = dma_map_page(q->dev, page, skb_frag_off(frag),
				 skb_frag_size(frag), DMA_TO_DEVICE);
	if (dma_mapping_error(q->dev, slot->dma))
		return -ENOMEM;

	get_page(page);
	slot->page = page;
	return 0;
}

static void demo_tx_copy_frag(void *dst, const skb_frag_t *frag)
{
	struct page *page = skb_frag_page(frag);
	void *va = kmap_local_page(page);

	memcpy(dst, va + skb_frag_off(frag), skb_frag_size(frag));
	kunmap_local(va);
}

static void demo_tx_clean(struct demo_queue *q, struct demo_tx_slot *slot)
{
	if (slot->page) {
		dma_unmap_page(q->dev, slot->dma, PAGE_SIZE, DMA_TO_DEVICE);
		put_page(slot->page);
	}
	slot->page = NULL;
}

static int demo_rx_fill(struct demo_queue *q, int i)
{
	q->rx[i] = page_pool_dev_alloc_netmems(q->pool);
	return q->rx[i] ? 0 : -ENOMEM;
}

static void demo_rx_frag(struct demo_queue *q, int i, struct sk_buff *skb,
			 u32 len)
{
	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, q->rx[i], 0,
			       len, PAGE_SIZE);
	q->rx[i] = 0;
}
