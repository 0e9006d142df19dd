# SPDX-License-Identifier: GPL-2.0-only
"""Let comments say what the code does now.

A comment in a function, or right before it, that names a call of which the function makes none any
more gets the name of the call that it makes instead. What the comment of a moved member, local or
parameter says of its page or pages is said of netmem. Words that may mean something else stay:
page size, page pool, a page of another owner, and what stands in other places; docs/design.md has
the rule. Comments that name a slot are of the pass `names`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert import told
from netmem_migrate.convert.passes import Pass

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="comments",
    summary="comments about moved slots and replaced calls follow",
    before="""\
/**
 * retire() - put a page of the page pool back
 * @pool: where it came from
 * @page: the page to put back
 */
void retire(struct page_pool *pool, struct page *page)
{
	/* page_pool_put_full_page() syncs all of it for the device. */
	page_pool_put_full_page(pool, page, false);
}

void all(struct page_pool *pool, struct rx_buf *buf)
{
	retire(pool, buf->page);
}
""",
    after="""\
/**
 * retire() - put a page of the page pool back
 * @pool: where it came from
 * @netmem: the netmem to put back
 */
void retire(struct page_pool *pool, netmem_ref netmem)
{
	/* page_pool_put_full_netmem() syncs all of it for the device. */
	page_pool_put_full_netmem(pool, netmem, false);
}

void all(struct page_pool *pool, struct rx_buf *buf)
{
	retire(pool, buf->netmem);
}
""",
    follows="Documentation/networking/netmem.rst",
    order=125,
)


def edits(work: Work) -> Iterator[Edit]:
    """Edit comments of calls and of slots."""
    for file, start, end, text, why in (*told.calls(work), *told.own(work)):
        yield work.edit(PASS, file, start, end, text, why)
