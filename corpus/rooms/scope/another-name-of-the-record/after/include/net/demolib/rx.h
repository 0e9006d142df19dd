/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEMOLIB_RX_H
#define DEMOLIB_RX_H

#include <net/netmem.h>

struct demolib_buf {
	netmem_ref	netmem;
	u32		offset;
};

void demolib_recycle(struct page_pool *pool, netmem_ref netmem);

static inline int demolib_fill(struct page_pool *pool,
			       struct demolib_buf *buf)
{
	buf->netmem = page_pool_dev_alloc_netmems(pool);
	return buf->netmem ? 0 : -ENOMEM;
}

#endif
