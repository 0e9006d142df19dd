// SPDX-License-Identifier: GPL-2.0-only
#include "netmem_stub.h"

struct demo_buf {
	struct page *page;
	void *va;
	int uses;
};

int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	return buf->page ? 0 : -ENOMEM;
}

int demo_earlier(struct page_pool *pool, struct demo_buf *buf, char *to, int len)
{
	if (len > 128)
		goto drop;

	memcpy(to, page_address(buf->page), len);
	return len;

drop:
	page_pool_put_full_page(pool, buf->page, true);
	return 0;
}
