// SPDX-License-Identifier: GPL-2.0-only
/* The pool of a page is asked of the page itself. */
#include "netmem_stub.h"

struct demo_rx_buf {
	netmem_ref netmem;
	u32 offset;
	u32 len;
};

struct demo_rx_ring {
	struct demo_rx_buf buf[64];
	struct page_pool *pools[2];
	u32 hdr_room;
};

static int demo_alloc(struct demo_rx_ring *ring, int i, int which)
{
	struct demo_rx_buf *buf = &ring->buf[i];

	buf->netmem = page_pool_dev_alloc_netmems(ring->pools[which]);
	if (!buf->netmem)
		return -ENOMEM;

	buf->offset = netmem_get_pp(buf->netmem)->p.offset;
	return 0;
}

static bool demo_same_pool(const struct demo_rx_buf *a,
			   const struct demo_rx_buf *b)
{
	return netmem_get_pp(a->netmem) == netmem_get_pp(b->netmem);
}

static bool demo_is_shared(netmem_ref netmem)
{
	return atomic_long_read(netmem_get_pp_ref_count_ref(netmem)) != 1;
}

static void demo_recycle(struct demo_rx_buf *buf)
{
	netmem_ref netmem = buf->netmem;

	if (demo_is_shared(netmem))
		page_pool_put_full_netmem(netmem_get_pp(netmem), netmem,
					  false);
	else
		page_pool_recycle_direct_netmem(netmem_get_pp(netmem), netmem);
	buf->netmem = 0;
}

static void demo_frag(struct demo_rx_buf *buf, struct sk_buff *skb)
{
	struct page_pool *pool = netmem_get_pp(buf->netmem);

	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, buf->netmem,
			       buf->offset + pool->p.offset, buf->len,
			       PAGE_SIZE);
	buf->netmem = 0;
}

static void demo_free(struct demo_rx_ring *ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ring->buf); i++) {
		if (ring->buf[i].netmem)
			demo_recycle(&ring->buf[i]);
	}
}
