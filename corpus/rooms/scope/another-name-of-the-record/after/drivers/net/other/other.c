// SPDX-License-Identifier: GPL-2.0-only
#include "other.h"

void other_drop(struct page_pool *pool, struct other_rx_buf *buf)
{
	if (buf->netmem)
		demolib_recycle(pool, buf->netmem);
	buf->netmem = 0;
}

void other_down(struct page_pool *pool, struct other_rx_buf *buf)
{
	page_pool_put_full_netmem(pool, buf->netmem, false);
	page_pool_destroy(pool);
}
