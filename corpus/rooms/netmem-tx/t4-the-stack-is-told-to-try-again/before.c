// SPDX-License-Identifier: GPL-2.0-only
#include "netdev_stub.h"

struct demo_slot {
	struct sk_buff *skb;
	dma_addr_t dma;
	unsigned int len;
};

struct demo_priv {
	struct device *dev;
	struct page_pool *pool;
	struct page *page;
	struct demo_slot *slots;
	unsigned int next;
	u8 bounce[256];
};

void demo_kick(struct demo_priv *priv, dma_addr_t dma, unsigned int len);

int demo_fill(struct demo_priv *priv)
{
	priv->page = page_pool_dev_alloc_pages(priv->pool);
	return priv->page ? 0 : -ENOMEM;
}

void demo_rx(struct demo_priv *priv, struct sk_buff *skb, unsigned int len)
{
	skb_add_rx_frag(skb, 0, priv->page, 0, len, PAGE_SIZE);
	priv->page = NULL;
}

static int demo_map(struct demo_priv *priv, struct sk_buff *skb)
{
	const skb_frag_t *frag = &skb_shinfo(skb)->frags[0];
	struct demo_slot *slot = &priv->slots[priv->next];

	slot->len = skb_frag_size(frag);
	slot->dma = skb_frag_dma_map(priv->dev, frag, 0, slot->len,
				     DMA_TO_DEVICE);
	if (dma_mapping_error(priv->dev, slot->dma))
		return -ENOMEM;

	demo_kick(priv, slot->dma, slot->len);
	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), slot, dma, slot->dma);
	slot->skb = skb;
	return 0;
}

static netdev_tx_t demo_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct demo_priv *priv = netdev_priv(netdev);

	if (skb->len > 4096 && skb_linearize(skb))
		return NETDEV_TX_BUSY;

	if (demo_map(priv, skb))
		goto drop;

	return NETDEV_TX_OK;

drop:
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

void demo_done(struct demo_priv *priv, struct demo_slot *slot)
{
	netmem_dma_unmap_page_attrs(priv->dev, dma_unmap_addr(slot, dma),
				    slot->len, DMA_TO_DEVICE, 0);
	dev_kfree_skb_any(slot->skb);
}

static const struct net_device_ops demo_ops = {
	.ndo_start_xmit = demo_xmit,
};

int demo_probe(struct demo_priv *priv, struct net_device *netdev)
{
	struct page_pool_params params = { 0 };

	params.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV;
	params.dev = priv->dev;
	params.dma_dir = DMA_FROM_DEVICE;
	priv->pool = page_pool_create(&params);
	netdev->netdev_ops = &demo_ops;
	netdev->features |= NETIF_F_SG;
	return register_netdev(netdev);
}
