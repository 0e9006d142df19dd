// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

#define ETHTOOL_RING_USE_TCP_DATA_SPLIT	(1 << 5)
#define ETHTOOL_TCP_DATA_SPLIT_ENABLED	2

struct kernel_ethtool_ringparam {
	u32 rx_buf_len;
	u8 tcp_data_split;
};

struct ethtool_ops {
	u32 supported_ring_params;
	void (*get_ringparam)(struct net_device *netdev,
			      struct kernel_ethtool_ringparam *kernel);
};

struct netdev_queue_mgmt_ops {
	int (*ndo_queue_start)(struct net_device *netdev, void *mem, int idx);
};

struct net_device {
	const struct ethtool_ops *ethtool_ops;
	const struct netdev_queue_mgmt_ops *queue_mgmt_ops;
};

struct demo_buf {
	struct page *page;
};

struct demo_ring {
	struct device *dev;
	struct net_device *netdev;
	struct page_pool *pool;
	struct demo_buf bufs[64];
	char *heads;
	int index;
};

static int demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.order = 0,
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
		.max_len = PAGE_SIZE,
		.netdev = ring->netdev,
		.queue_idx = ring->index,
	};

	ring->heads = kmalloc(PAGE_SIZE, GFP_KERNEL);
	ring->pool = page_pool_create(&params);
	return ring->pool && ring->heads ? 0 : -ENOMEM;
}

static int demo_fill(struct demo_ring *ring, int i, __le64 *desc)
{
	struct demo_buf *buf = &ring->bufs[i];

	buf->page = page_pool_dev_alloc_pages(ring->pool);
	if (!buf->page)
		return -ENOMEM;

	*desc = cpu_to_le64(page_pool_get_dma_addr(buf->page));
	return 0;
}

static void demo_rx(struct demo_ring *ring, int i, struct sk_buff *skb, u32 len)
{
	struct demo_buf *buf = &ring->bufs[i];

	skb_put_data(skb, ring->heads + i * 64, 64);
	page_pool_dma_sync_for_cpu(ring->pool, buf->page, 0, len);
	skb_add_rx_frag(skb, 0, buf->page, 0, len, PAGE_SIZE);
	skb_mark_for_recycle(skb);
}

static void demo_get_ringparam(struct net_device *netdev,
			       struct kernel_ethtool_ringparam *kernel)
{
	kernel->tcp_data_split = ETHTOOL_TCP_DATA_SPLIT_ENABLED;
}

static const struct ethtool_ops demo_ethtool_ops = {
	.supported_ring_params = ETHTOOL_RING_USE_TCP_DATA_SPLIT,
	.get_ringparam = demo_get_ringparam,
};

static int demo_queue_start(struct net_device *netdev, void *mem, int idx)
{
	return 0;
}

static const struct netdev_queue_mgmt_ops demo_queue_ops = {
	.ndo_queue_start = demo_queue_start,
};

static void demo_probe(struct demo_ring *ring, struct net_device *netdev)
{
	netdev->ethtool_ops = &demo_ethtool_ops;
	ring->netdev = netdev;
}

struct demo_calls {
	void (*probe)(struct demo_ring *ring, struct net_device *netdev);
	int (*open)(struct demo_ring *ring);
	int (*fill)(struct demo_ring *ring, int i, __le64 *desc);
	void (*rx)(struct demo_ring *ring, int i, struct sk_buff *skb, u32 len);
};

const struct demo_calls demo_calls = {
	.probe = demo_probe,
	.open = demo_create,
	.fill = demo_fill,
	.rx = demo_rx,
};
