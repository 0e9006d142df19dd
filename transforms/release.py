# SPDX-License-Identifier: GPL-2.0-only
"""Give netmem back to the pool.

The context argument (allow_direct) and the sync size stay as they are. A page that is recovered
from an address, as in page_pool_put_page(pool, virt_to_head_page(data), ...), is host memory by
design: the call is kept and reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="release",
    summary="page_pool_put_*() and page_pool_recycle_direct() become their netmem twins",
    before="""\
void drop(struct page_pool *pool, struct rx_buf *buf)
{
	page_pool_put_full_page(pool, buf->page, false);
	buf->page = NULL;
}
""",
    after="""\
void drop(struct page_pool *pool, struct rx_buf *buf)
{
	page_pool_put_full_netmem(pool, buf->netmem, false);
	buf->netmem = 0;
}
""",
    follows="include/net/page_pool/helpers.h",
    order=20,
)


def edits(work: Work) -> Iterator[Edit]:
    """Make the netmem form of every row of this pass whose page moved."""
    yield from work.forms(PASS)
