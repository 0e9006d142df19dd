# SPDX-License-Identifier: GPL-2.0-only
"""Take the address of netmem.

netmem_address() gives NULL for unreadable memory. Without PP_FLAG_ALLOW_UNREADABLE_NETMEM, which a
conversion never adds, a pool hands out pages only, and the address is what it was. Locals whose
address is all that the driver keeps are host memory by design and stay pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="addresses",
    summary="page_address() and page_to_virt() become netmem_address()",
    before="""\
void *data(struct rx_buf *buf)
{
	return page_address(buf->page) + buf->offset;
}
""",
    after="""\
void *data(struct rx_buf *buf)
{
	return netmem_address(buf->netmem) + buf->offset;
}
""",
    follows="include/net/netmem.h",
    order=60,
)


def edits(work: Work) -> Iterator[Edit]:
    """Make the netmem form of every row of this pass whose page moved."""
    yield from work.forms(PASS)
