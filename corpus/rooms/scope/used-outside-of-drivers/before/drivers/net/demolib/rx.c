// SPDX-License-Identifier: GPL-2.0-only
#include <net/demolib/rx.h>

void demolib_recycle(struct page_pool *pool, struct page *page)
{
	page_pool_recycle_direct(pool, page);
}
EXPORT_SYMBOL_GPL(demolib_recycle);
