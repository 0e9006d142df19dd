// SPDX-License-Identifier: GPL-2.0-only
/* Other modules get and give pages through exported functions. */
#include "before.h"

struct page *demo_queue_get_page(struct demo_queue *queue)
{
	struct page *page = queue->spare;

	if (page) {
		queue->spare = NULL;
		return page;
	}

	return page_pool_dev_alloc_pages(queue->pool);
}
EXPORT_SYMBOL_GPL(demo_queue_get_page);

void demo_queue_put_page(struct demo_queue *queue, struct page *page)
{
	if (!queue->spare) {
		queue->spare = page;
		return;
	}

	page_pool_put_full_page(queue->pool, page, false);
}
EXPORT_SYMBOL_GPL(demo_queue_put_page);

void demo_queue_free(struct demo_queue *queue)
{
	if (queue->spare)
		page_pool_put_full_page(queue->pool, queue->spare, false);
	queue->spare = NULL;
}
EXPORT_SYMBOL_GPL(demo_queue_free);
