/* SPDX-License-Identifier: GPL-2.0-only */
/* What the mini-drivers need besides, to have a network device and to send by it. */
#ifndef NETDEV_STUB_H
#define NETDEV_STUB_H

#include "netmem_stub.h"

#define EFAULT			14
#define ETH_ZLEN		60
#define NETIF_F_SG		1
#define BUG_ON(x)		do { if (x) __builtin_trap(); } while (0)

typedef enum netdev_tx {
	NETDEV_TX_OK,
	NETDEV_TX_BUSY,
} netdev_tx_t;

enum netmem_tx_mode {
	NETMEM_TX_NONE,
	NETMEM_TX_DMA,
	NETMEM_TX_NO_DMA,
};

struct net_device_ops {
	netdev_tx_t (*ndo_start_xmit)(struct sk_buff *skb,
				      struct net_device *netdev);
	int (*ndo_open)(struct net_device *netdev);
};

struct ethtool_ops {
	int (*get_ringparam)(struct net_device *netdev);
};

struct net_device {
	const struct net_device_ops *netdev_ops;
	const struct ethtool_ops *ethtool_ops;
	unsigned long features;
	unsigned long netmem_tx:2;
	int mtu;
};

void *netdev_priv(const struct net_device *netdev);
int register_netdev(struct net_device *netdev);
void unregister_netdev(struct net_device *netdev);
void netif_stop_queue(struct net_device *netdev);

unsigned int skb_headlen(const struct sk_buff *skb);
void *skb_frag_address(const skb_frag_t *frag);
void *skb_frag_address_safe(const skb_frag_t *frag);
bool skb_frags_readable(const struct sk_buff *skb);
int skb_linearize(struct sk_buff *skb);
int skb_cow_head(struct sk_buff *skb, unsigned int headroom);
int skb_put_padto(struct sk_buff *skb, unsigned int len);
int skb_copy_bits(const struct sk_buff *skb, int offset, void *to, int len);
int skb_checksum_help(struct sk_buff *skb);
u32 skb_checksum(const struct sk_buff *skb, int offset, int len, u32 csum);
bool pskb_may_pull(struct sk_buff *skb, unsigned int len);
int skb_to_sgvec(struct sk_buff *skb, struct scatterlist *sg, int offset,
		 int len);
void *kmap_local_page(struct page *page);

#endif /* NETDEV_STUB_H */
