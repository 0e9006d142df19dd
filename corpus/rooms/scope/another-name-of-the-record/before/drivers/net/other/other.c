// SPDX-License-Identifier: GPL-2.0-only
#include "other.h"

void other_drop(struct page_pool *pool, struct other_rx_buf *buf)
{
	if (buf->page)
		demolib_recycle(pool, buf->page);
	buf->page = NULL;
}

void other_down(struct page_pool *pool, struct other_rx_buf *buf)
{
	page_pool_put_full_page(pool, buf->page, false);
	page_pool_destroy(pool);
}
