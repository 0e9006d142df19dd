// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

#define DEMO_QUEUES 2

void *memset(void *s, int c, size_t n);

struct demo_desc {
	__le32 status;
	__le32 addr;
};

struct demo_long_desc {
	__le32 status;
	__le32 addr;
	__le32 stamp;
};

struct demo_buf {
	struct page *page;
	unsigned int offset;
};

struct demo_priv;

struct demo_kind {
	int (*receive)(struct demo_priv *priv, struct sk_buff *skb, int q);
	u32 desc_size;
};

struct demo_priv {
	const struct demo_kind *kind;
	struct device *dev;
	union {
		struct demo_desc *desc;
		struct demo_long_desc *long_desc;
		void *raw;
	} ring[DEMO_QUEUES];
	struct page_pool *pool[DEMO_QUEUES];
	struct demo_buf *bufs[DEMO_QUEUES];
	unsigned int count[DEMO_QUEUES];
	unsigned int next[DEMO_QUEUES];
	dma_addr_t start[DEMO_QUEUES];
};

static struct demo_desc *demo_desc(struct demo_priv *priv, int q,
				   unsigned int i)
{
	return priv->ring[q].raw + priv->kind->desc_size * i;
}

static int demo_alloc(struct demo_priv *priv, int q, unsigned int i,
		      struct demo_desc *desc)
{
	struct demo_buf *buf = &priv->bufs[q][i];
	unsigned int size = 2048;
	dma_addr_t dma;

	buf->page = page_pool_alloc(priv->pool[q], &buf->offset, &size,
				    GFP_ATOMIC);
	if (!buf->page)
		return -ENOMEM;

	dma = page_pool_get_dma_addr(buf->page) + buf->offset;
	desc->addr = cpu_to_le32(dma);
	return 0;
}

static void demo_refill(struct demo_priv *priv, int q, unsigned int count)
{
	struct demo_desc *desc;
	unsigned int entry, i;

	for (i = 0; i < count; i++) {
		entry = (priv->next[q] + i) % priv->count[q];
		desc = demo_desc(priv, q, entry);
		if (!priv->bufs[q][entry].page &&
		    demo_alloc(priv, q, entry, desc))
			break;
	}
}

static void demo_last(struct demo_priv *priv, int q)
{
	struct demo_desc *desc;

	desc = demo_desc(priv, q, priv->count[q]);
	desc->addr = cpu_to_le32((u32)priv->start[q]);
}

static int demo_init(struct demo_priv *priv, int q)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP,
		.dev = priv->dev,
		.dma_dir = DMA_FROM_DEVICE,
	};
	size_t size = priv->kind->desc_size * (priv->count[q] + 1);

	priv->pool[q] = page_pool_create(&params);
	priv->bufs[q] = kcalloc(priv->count[q], sizeof(*priv->bufs[q]),
				GFP_KERNEL);
	if (!priv->bufs[q])
		return -ENOMEM;

	priv->ring[q].raw = kcalloc(1, size, GFP_KERNEL);
	if (!priv->ring[q].raw)
		return -ENOMEM;

	memset(priv->ring[q].raw, 0, size);
	demo_refill(priv, q, priv->count[q]);
	memset(priv->ring[q].raw, 0, priv->kind->desc_size);
	return 0;
}

int demo_open(struct demo_priv *priv)
{
	int err;

	err = demo_init(priv, 0);
	if (err)
		return err;

	err = demo_init(priv, 1);
	if (err)
		return err;

	demo_last(priv, 0);
	demo_last(priv, 1);
	return 0;
}

static int demo_receive(struct demo_priv *priv, struct sk_buff *skb, int q)
{
	struct demo_long_desc *desc;
	struct demo_buf *buf;
	unsigned int i;
	u16 len;

	i = priv->next[q] % priv->count[q];
	desc = &priv->ring[q].long_desc[i];
	len = le32_to_cpu(desc->status) & 0xfff;
	buf = &priv->bufs[q][i];
	dma_sync_single_for_cpu(priv->dev, le32_to_cpu(desc->addr), len,
				DMA_FROM_DEVICE);
	skb_add_rx_frag(skb, 0, buf->page, buf->offset, len, PAGE_SIZE);
	buf->page = NULL;
	return 0;
}

int demo_rx(struct demo_priv *priv, struct sk_buff *skb, int q)
{
	return priv->kind->receive(priv, skb, q);
}

static const struct demo_kind demo_kind = {
	.receive = demo_receive,
	.desc_size = sizeof(struct demo_long_desc),
};

void demo_probe(struct demo_priv *priv)
{
	priv->count[0] = 64;
	priv->count[1] = 64;
	priv->kind = &demo_kind;
}
