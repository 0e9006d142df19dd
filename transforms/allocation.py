# SPDX-License-Identifier: GPL-2.0-only
"""Allocate netmem from the pool.

The kind of allocation never changes: a frag stays a frag, a dev variant a dev variant, and the gfp
flags stay as they are. Only page_pool_dev_alloc_frag() has no dev twin; there the flags that it
implies are written out. A call whose page goes where only pages can go is left alone, and so is
one whose twin the target kernel lacks. page_pool_alloc_va() and its kin are never touched: they
give an address, which only host memory has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="allocation",
    summary="page_pool_*alloc*() becomes its netmem twin",
    before="""\
int refill(struct page_pool *pool, struct rx_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);

	return buf->page ? 0 : -ENOMEM;
}
""",
    after="""\
int refill(struct page_pool *pool, struct rx_buf *buf)
{
	buf->netmem = page_pool_dev_alloc_netmems(pool);

	return buf->netmem ? 0 : -ENOMEM;
}
""",
    follows="include/net/page_pool/helpers.h",
    order=10,
)


def edits(work: Work) -> Iterator[Edit]:
    """Make the netmem form of every row of this pass whose page moved."""
    yield from work.forms(PASS)
