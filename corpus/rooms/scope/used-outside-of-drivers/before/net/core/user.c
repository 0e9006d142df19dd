// SPDX-License-Identifier: GPL-2.0-only
#include <net/demolib/rx.h>

struct page *user(struct demolib_buf *b)
{
	return b->page;
}
