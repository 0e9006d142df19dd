/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEMOLIB_RX_H
#define DEMOLIB_RX_H

struct demolib_buf {
	struct page	*page;
	u32		offset;
};

void demolib_recycle(struct page_pool *pool, struct page *page);

static inline int demolib_fill(struct page_pool *pool,
			       struct demolib_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	return buf->page ? 0 : -ENOMEM;
}

#endif
