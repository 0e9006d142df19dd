# SPDX-License-Identifier: GPL-2.0-only
"""Count references and fragments of netmem.

page_pool_ref_page(), page_pool_unref_page(), page_count(), get_page() and put_page() follow where
the target kernel has the twin. A driver that counts with page_ref_add() or page_ref_sub() recycles
on its own; such a slot is refused, not converted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="references",
    summary="page_pool_fragment_page() and the reference helpers become their netmem twins",
    before="""\
void split(struct rx_buf *buf)
{
	page_pool_fragment_page(buf->page, 64);
}
""",
    after="""\
void split(struct rx_buf *buf)
{
	page_pool_fragment_netmem(buf->netmem, 64);
}
""",
    follows="include/net/page_pool/helpers.h",
    order=40,
)


def edits(work: Work) -> Iterator[Edit]:
    """Make the netmem form of every row of this pass whose page moved."""
    yield from work.forms(PASS)
