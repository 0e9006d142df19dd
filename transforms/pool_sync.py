# SPDX-License-Identifier: GPL-2.0-only
"""Sync through the pool, where the driver already does.

Only calls that already go through the pool. dma_sync_single_for_cpu() and its kin are left alone:
the pool adds its own offset, so replacing them is a semantic step, not a mechanical one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="pool-sync",
    summary="page_pool_dma_sync_for_cpu() becomes its netmem twin",
    before="""\
void ready(struct page_pool *pool, struct rx_buf *buf, u32 len)
{
	page_pool_dma_sync_for_cpu(pool, buf->page, 0, len);
}
""",
    after="""\
void ready(struct page_pool *pool, struct rx_buf *buf, u32 len)
{
	page_pool_dma_sync_netmem_for_cpu(pool, buf->netmem, 0, len);
}
""",
    follows="Documentation/networking/netmem.rst",
    order=70,
)


def edits(work: Work) -> Iterator[Edit]:
    """Make the netmem form of every row of this pass whose page moved."""
    yield from work.forms(PASS)
