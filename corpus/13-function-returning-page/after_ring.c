// SPDX-License-Identifier: GPL-2.0-only
/* The other file of the driver: everything here goes through the helpers. */
#include "after.h"

int demo_fill_bd(struct demo_rxr *rxr, u16 prod)
{
	struct demo_rx_bd *bd = &rxr->bd[prod];
	unsigned int offset;
	dma_addr_t mapping;
	netmem_ref netmem;

	netmem = demo_alloc_rx_page(rxr, &mapping, &offset);
	if (!netmem)
		return -ENOMEM;

	bd->netmem = netmem;
	bd->offset = offset;
	bd->mapping = mapping;
	return 0;
}

static void demo_bd_to_skb(struct demo_rxr *rxr, struct demo_rx_bd *bd,
			   struct sk_buff *skb, u32 len)
{
	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, bd->netmem,
			       bd->offset, len, rxr->frag_size);
	bd->netmem = 0;
}

void demo_free_rxr(struct demo_rxr *rxr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rxr->bd); i++) {
		demo_free_rx_page(rxr, rxr->bd[i].netmem, false);
		rxr->bd[i].netmem = 0;
	}
}
