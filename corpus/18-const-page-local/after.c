// SPDX-License-Identifier: GPL-2.0-only
/* Helpers that only read a pool page take it as `const struct page *`. */
#include "netmem_stub.h"

struct demo_fqe {
	netmem_ref netmem;
	u32 offset;
	u32 truesize;
};

struct demo_fq {
	struct demo_fqe *fqes;
	struct page_pool *pool;
	u32 count;
};

static int demo_fq_fill(struct demo_fq *fq, u32 i)
{
	struct demo_fqe *fqe = &fq->fqes[i];

	fqe->truesize = PAGE_SIZE;
	fqe->netmem = page_pool_dev_alloc_netmem(fq->pool, &fqe->offset,
						 &fqe->truesize);
	return fqe->netmem ? 0 : -ENOMEM;
}

static dma_addr_t demo_fqe_dma(const struct demo_fqe *fqe)
{
	netmem_ref netmem = fqe->netmem;

	return page_pool_get_dma_addr_netmem(netmem) + fqe->offset;
}

static bool demo_fqe_readable(netmem_ref netmem)
{
	return netmem && !netmem_is_pfmemalloc(netmem);
}

static void demo_fqe_sync(const struct demo_fq *fq, const struct demo_fqe *fqe,
			  u32 len)
{
	page_pool_dma_sync_netmem_for_cpu(fq->pool, fqe->netmem, fqe->offset,
					  len);
}

static struct sk_buff *demo_fqe_build(struct demo_fq *fq, struct demo_fqe *fqe,
				      u32 len)
{
	netmem_ref netmem = fqe->netmem;
	struct sk_buff *skb;

	demo_fqe_sync(fq, fqe, len);
	skb = napi_build_skb(netmem_address(netmem) + fqe->offset,
			     fqe->truesize);
	if (unlikely(!skb))
		return NULL;

	skb_mark_for_recycle(skb);
	skb_put(skb, len);
	return skb;
}

static struct sk_buff *demo_fq_rx(struct demo_fq *fq, u32 i, u32 len)
{
	struct demo_fqe *fqe = &fq->fqes[i];
	struct sk_buff *skb = NULL;

	if (demo_fqe_readable(fqe->netmem))
		skb = demo_fqe_build(fq, fqe, len);
	if (!skb)
		page_pool_recycle_direct_netmem(fq->pool, fqe->netmem);

	fqe->netmem = 0;
	return skb;
}

static void demo_fq_destroy(struct demo_fq *fq)
{
	u32 i;

	for (i = 0; i < fq->count; i++) {
		if (fq->fqes[i].netmem)
			page_pool_put_full_netmem(fq->pool, fq->fqes[i].netmem,
						  false);
	}
	kvfree(fq->fqes);
}
