# SPDX-License-Identifier: GPL-2.0-only
"""Prefetch the descriptor of a netmem.

prefetchw(page) asks for the cache line of the page's descriptor, where the pool keeps its fields.
netmem_to_nmdesc() gives the same address, so the hint stays what it was. A kernel without it has no
descriptor that a driver may name: the slot is refused, and the hint stays. Prefetches of the memory
itself, prefetch(page_address(page)), are of an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="hints",
    summary="prefetches of a page's descriptor become prefetches of a netmem's",
    before="""\
void show(struct rx_buf *buf)
{
	prefetchw(buf->page);
	deliver(page_address(buf->page));
}
""",
    after="""\
void show(struct rx_buf *buf)
{
	prefetchw(netmem_to_nmdesc(buf->netmem));
	deliver(netmem_address(buf->netmem));
}
""",
    follows="include/net/netmem.h",
    order=75,
)


def edits(work: Work) -> Iterator[Edit]:
    """Make the netmem form of every row of this pass whose page moved."""
    yield from work.forms(PASS)
