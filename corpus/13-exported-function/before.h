/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEMO_H
#define DEMO_H

#include "netmem_stub.h"

struct demo_queue {
	struct page *spare;
	struct page_pool *pool;
};

struct page *demo_queue_get_page(struct demo_queue *queue);
void demo_queue_put_page(struct demo_queue *queue, struct page *page);
void demo_queue_free(struct demo_queue *queue);

#endif /* DEMO_H */
