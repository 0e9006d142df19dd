// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	struct page *page;
};

struct demo_packet {
	dma_addr_t dma[18];
	unsigned int len[18];
	int count;
};

int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	return buf->page ? 0 : -ENOMEM;
}

void demo_rx(struct demo_buf *buf, struct sk_buff *skb)
{
	skb_add_rx_frag(skb, 0, buf->page, 0, 64, PAGE_SIZE);
}

int demo_map(struct device *dev, struct demo_packet *pkt, struct sk_buff *skb,
	     unsigned int head)
{
	int i;
	dma_addr_t addr;

	pkt->count = 0;
	addr = dma_map_single(dev, skb->data, head, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, addr))
		return -ENOMEM;

	pkt->len[pkt->count] = head;
	dma_unmap_addr_set(pkt, dma[pkt->count], addr);
	pkt->count++;

	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];
		unsigned int len = skb_frag_size(frag);

		addr = skb_frag_dma_map(dev, frag, 0, len, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, addr))
			goto undo;

		pkt->len[pkt->count] = len;
		netmem_dma_unmap_addr_set(skb_frag_netmem(frag), pkt,
					  dma[pkt->count], addr);
		pkt->count++;
	}
	return 0;

undo:
	for (i = 0; i < pkt->count; i++) {
		if (i == 0)
			dma_unmap_single(dev, dma_unmap_addr(pkt, dma[i]),
					 pkt->len[i], DMA_TO_DEVICE);
		else
			dma_unmap_page(dev, dma_unmap_addr(pkt, dma[i]),
				       pkt->len[i], DMA_TO_DEVICE);
	}
	return -ENOMEM;
}
