// SPDX-License-Identifier: GPL-2.0-only
/* Registered pages go through a `struct page **`; the pool is converted. */
#include "netmem_stub.h"

struct demo_reg_list {
	struct page **pages;
	dma_addr_t *dma;
	u32 count;
};

struct demo_rx_buf {
	netmem_ref netmem;
	struct page *reg_page;
};

struct demo_priv {
	struct demo_reg_list list;
	struct page_pool *pool;
	struct device *dev;
};

static int demo_alloc_page(struct demo_priv *priv, struct page **page,
			   dma_addr_t *dma)
{
	*page = alloc_page(GFP_KERNEL);
	if (!*page)
		return -ENOMEM;

	*dma = dma_map_page(priv->dev, *page, 0, PAGE_SIZE, DMA_FROM_DEVICE);
	if (dma_mapping_error(priv->dev, *dma)) {
		put_page(*page);
		*page = NULL;
		return -ENOMEM;
	}

	return 0;
}

static int demo_alloc_list(struct demo_priv *priv, u32 count)
{
	struct demo_reg_list *list = &priv->list;
	int err;
	u32 i;

	list->pages = kvcalloc(count, sizeof(*list->pages), GFP_KERNEL);
	if (!list->pages)
		return -ENOMEM;

	for (i = 0; i < count; i++) {
		err = demo_alloc_page(priv, &list->pages[i], &list->dma[i]);
		if (err)
			return err;
		list->count++;
	}

	return 0;
}

static int demo_fill(struct demo_priv *priv, struct demo_rx_buf *buf, u32 i)
{
	if (!priv->pool) {
		buf->reg_page = priv->list.pages[i];
		get_page(buf->reg_page);
		return 0;
	}

	buf->netmem = page_pool_dev_alloc_netmems(priv->pool);
	return buf->netmem ? 0 : -ENOMEM;
}

static void demo_frag(struct demo_rx_buf *buf, struct sk_buff *skb, u32 len)
{
	if (buf->reg_page)
		skb_add_rx_frag(skb, 0, buf->reg_page, 0, len, PAGE_SIZE);
	else
		skb_add_rx_frag_netmem(skb, 0, buf->netmem, 0, len, PAGE_SIZE);
	buf->reg_page = NULL;
	buf->netmem = 0;
}

static void demo_free(struct demo_priv *priv, struct demo_rx_buf *buf)
{
	if (buf->netmem)
		page_pool_put_full_netmem(priv->pool, buf->netmem, false);
	buf->netmem = 0;

	while (priv->list.count--)
		put_page(priv->list.pages[priv->list.count]);
	kvfree(priv->list.pages);
}
