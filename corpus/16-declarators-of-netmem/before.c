// SPDX-License-Identifier: GPL-2.0-only
/* Two page locals taken from netmem, behind a guard: a person wrote that. */
#include "netmem_stub.h"

struct demo_fqe {
	netmem_ref netmem;
	u32 offset;
};

struct demo_bufq {
	struct demo_fqe *hdr_buf;
	struct demo_fqe *buf;
	struct page_pool *hdr_pool;
	struct page_pool *pool;
};

static int demo_fill(struct demo_bufq *q, u32 i)
{
	struct demo_fqe *hdr = &q->hdr_buf[i];
	struct demo_fqe *buf = &q->buf[i];

	hdr->netmem = page_pool_dev_alloc_netmems(q->hdr_pool);
	if (!hdr->netmem)
		return -ENOMEM;

	buf->netmem = page_pool_dev_alloc_netmems(q->pool);
	if (!buf->netmem) {
		page_pool_put_full_netmem(q->hdr_pool, hdr->netmem, false);
		hdr->netmem = 0;
		return -ENOMEM;
	}

	return 0;
}

/* the device did not split this frame: copy the headers over */
static u32 demo_hsplit_wa(const struct demo_fqe *hdr, struct demo_fqe *buf,
			  u32 data_len)
{
	u32 copy = data_len <= 128 ? data_len : 14;
	struct page *hdr_page, *buf_page;
	const void *src;
	void *dst;

	if (netmem_is_net_iov(buf->netmem))
		return 0;

	hdr_page = __netmem_to_page(hdr->netmem);
	buf_page = __netmem_to_page(buf->netmem);
	dst = page_address(hdr_page) + hdr->offset +
	      pp_page_to_nmdesc(hdr_page)->pp->p.offset;
	src = page_address(buf_page) + buf->offset +
	      pp_page_to_nmdesc(buf_page)->pp->p.offset;

	memcpy(dst, src, copy);
	buf->offset += copy;
	return copy;
}

static void demo_frag(struct demo_bufq *q, u32 i, struct sk_buff *skb, u32 len)
{
	struct demo_fqe *buf = &q->buf[i];

	len -= demo_hsplit_wa(&q->hdr_buf[i], buf, len);
	skb_add_rx_frag_netmem(skb, 0, buf->netmem, buf->offset, len,
			       PAGE_SIZE);
	buf->netmem = 0;
}
