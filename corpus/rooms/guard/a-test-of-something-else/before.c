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

int demo_err(struct page_pool *pool, struct demo_buf *buf, int err)
{
	void *va;

	va = page_address(buf->page);
	if (err)
		return err;

	return *(char *)va;
}
