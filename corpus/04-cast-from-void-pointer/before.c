// SPDX-License-Identifier: GPL-2.0-only
/* A pool page goes through a `void *` with a cast on either side. */
#include "netmem_stub.h"

struct demo_rq_buf {
	void *os_buf;
	dma_addr_t dma;
	unsigned int offset;
	unsigned int len;
};

struct demo_rq {
	struct demo_rq_buf *to_use;
	struct napi_struct *napi;
	struct page_pool *pool;
};

static void demo_rq_post(struct demo_rq *rq, void *os_buf, dma_addr_t dma,
			 unsigned int len)
{
	struct demo_rq_buf *buf = rq->to_use;

	buf->os_buf = os_buf;
	buf->dma = dma;
	buf->len = len;
}

/* the admin queue posts plain memory on the same kind of ring */
static int demo_rq_alloc_admin(struct demo_rq *rq, unsigned int len)
{
	void *msg;

	msg = kmalloc(len, GFP_ATOMIC);
	if (!msg)
		return -ENOMEM;

	demo_rq_post(rq, msg, 0, len);
	return 0;
}

static int demo_rq_alloc_buf(struct demo_rq *rq, unsigned int len)
{
	unsigned int offset = 0;
	struct page *page;

	page = page_pool_dev_alloc(rq->pool, &offset, &len);
	if (unlikely(!page))
		return -ENOMEM;

	rq->to_use->offset = offset;
	demo_rq_post(rq, (void *)page, page_pool_get_dma_addr(page) + offset,
		     len);
	return 0;
}

static void demo_rq_indicate(struct demo_rq *rq, struct demo_rq_buf *buf)
{
	struct sk_buff *skb = napi_get_frags(rq->napi);

	if (unlikely(!skb))
		return;

	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags,
			(struct page *)buf->os_buf, buf->offset, buf->len,
			buf->len);
	skb_mark_for_recycle(skb);
	buf->os_buf = NULL;
	napi_gro_frags(rq->napi);
}

static void demo_rq_free_buf(struct demo_rq *rq, struct demo_rq_buf *buf)
{
	if (!buf->os_buf)
		return;

	page_pool_put_full_page(rq->pool, (struct page *)buf->os_buf, false);
	buf->os_buf = NULL;
}
