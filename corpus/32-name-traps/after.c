// SPDX-License-Identifier: GPL-2.0-only
/* Names say nothing: rings of descriptors, ports and registers called page. */
#include "netmem_stub.h"

#define DEMO_DESC_PAGES	4

#define demo_page_order(port)	((port)->page_order)
#define demo_page_size(port)	(PAGE_SIZE << demo_page_order(port))

/* a netmem here is a register window of the device */
struct demo_netmem {
	u32 base;
	u32 page;
};

struct demo_buf {
	netmem_ref mem;
	dma_addr_t page_address;
	u32 page_offset;
};

struct demo_rx {
	void *page[DEMO_DESC_PAGES];
	struct demo_buf *bufs;
	struct page_pool *page_pool;
	struct demo_netmem *netmem;
};

struct demo_port {
	struct demo_rx rx;
	struct napi_struct *napi;
	unsigned int page_order;
};

/* pp is the port */
static int demo_fill(struct demo_port *pp, u32 i)
{
	struct demo_netmem *netmem = pp->rx.netmem;
	struct demo_buf *buf = &pp->rx.bufs[i];
	netmem_ref page;

	page = page_pool_dev_alloc_netmems(pp->rx.page_pool);
	if (!page)
		return -ENOMEM;

	buf->mem = page;
	buf->page_address = page_pool_get_dma_addr_netmem(page);
	netmem->page = i;
	return 0;
}

static void *demo_desc(struct demo_rx *rx, u32 page)
{
	return rx->page[page % DEMO_DESC_PAGES];
}

static netmem_ref demo_take(struct demo_buf *buf)
{
	netmem_ref netmem = buf->mem;

	buf->mem = 0;
	buf->page_address = 0;
	return netmem;
}

static void demo_frag(struct demo_port *pp, struct demo_buf *buf,
		      struct sk_buff *skb, u32 len)
{
	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, demo_take(buf),
			       buf->page_offset, len, demo_page_size(pp));
}

static void demo_tx_frag(struct sk_buff *skb, const skb_frag_t *frag)
{
	struct page *page = skb_frag_page(frag);
	void *va = kmap_local_page(page);

	skb_put_data(skb, va + skb_frag_off(frag), skb_frag_size(frag));
	kunmap_local(va);
}

static void demo_free(struct demo_port *pp, u32 count)
{
	u32 page;

	for (page = 0; page < count; page++) {
		struct demo_buf *buf = &pp->rx.bufs[page];

		if (buf->mem)
			page_pool_put_full_netmem(pp->rx.page_pool, buf->mem,
						  false);
		buf->mem = 0;
	}
	for (page = 0; page < DEMO_DESC_PAGES; page++)
		kfree(pp->rx.page[page]);
}
