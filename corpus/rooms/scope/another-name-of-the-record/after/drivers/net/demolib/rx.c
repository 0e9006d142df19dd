// SPDX-License-Identifier: GPL-2.0-only
#include <net/demolib/rx.h>
#include <net/netmem.h>

void demolib_recycle(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_recycle_direct_netmem(pool, netmem);
}
EXPORT_SYMBOL_GPL(demolib_recycle);
