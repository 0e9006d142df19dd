# SPDX-License-Identifier: GPL-2.0-only
"""Ask the pool for the DMA address of netmem.

Raw dma_sync_*() calls on that address are left as they are: moving them to the pool changes the
offset and is a patch of its own. A page found from an XDP buffer or frame keeps the page call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="dma-address",
    summary="page_pool_get_dma_addr() becomes page_pool_get_dma_addr_netmem()",
    before="""\
dma_addr_t where(struct rx_buf *buf)
{
	return page_pool_get_dma_addr(buf->page);
}
""",
    after="""\
dma_addr_t where(struct rx_buf *buf)
{
	return page_pool_get_dma_addr_netmem(buf->netmem);
}
""",
    follows="include/net/page_pool/helpers.h",
    order=30,
)


def edits(work: Work) -> Iterator[Edit]:
    """Make the netmem form of every row of this pass whose page moved."""
    yield from work.forms(PASS)
