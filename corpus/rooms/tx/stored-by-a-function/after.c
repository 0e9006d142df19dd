// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	netmem_ref netmem;
};

int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->netmem = page_pool_dev_alloc_netmems(pool);
	return buf->netmem ? 0 : -ENOMEM;
}

struct demo_pkt {
	dma_addr_t dma[18];
	u32 len[18];
	__le64 desc[18];
};

static void demo_keep(struct demo_pkt *pkt, int at, dma_addr_t dma, u32 len)
{
	pkt->dma[at] = dma;
	pkt->len[at] = len;
	pkt->desc[at] = cpu_to_le64(dma);
}

static void demo_add(struct demo_pkt *pkt, int at, dma_addr_t dma, u32 len)
{
	demo_keep(pkt, at, dma, len);
}

int demo_map(struct device *dev, struct demo_pkt *pkt,
	     struct skb_shared_info *shinfo)
{
	dma_addr_t dma;
	int i;

	for (i = 0; i < shinfo->nr_frags; i++) {
		const skb_frag_t *frag = &shinfo->frags[i];

		dma = skb_frag_dma_map(dev, frag, 0, skb_frag_size(frag),
				       DMA_TO_DEVICE);
		if (dma_mapping_error(dev, dma))
			return -ENOMEM;

		demo_add(pkt, i, dma, skb_frag_size(frag));
		netmem_dma_unmap_addr_set(skb_frag_netmem(frag), pkt, dma[i],
					  pkt->dma[i]);
	}

	return 0;
}

void demo_unmap(struct device *dev, struct demo_pkt *pkt, int count)
{
	int i;

	for (i = 0; i < count; i++)
		netmem_dma_unmap_page_attrs(dev, pkt->dma[i], pkt->len[i],
					    DMA_TO_DEVICE, 0);
}
