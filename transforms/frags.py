# SPDX-License-Identifier: GPL-2.0-only
"""Hand netmem to skb and XDP frags.

skb_frag_page() is not renamed: it gives NULL for memory that is not a page, where
skb_frag_netmem() does not, so the two are no twins. skb_frag_fill_netmem_desc() does not mark the
skb unreadable; a driver that enables device memory has to, which is another patch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="frags",
    summary="skb_add_rx_frag() and the frag descriptor helpers become their netmem twins",
    before="""\
void give(struct sk_buff *skb, struct rx_buf *buf, int size)
{
	skb_add_rx_frag(skb, 0, buf->page, 0, size, size);
}
""",
    after="""\
void give(struct sk_buff *skb, struct rx_buf *buf, int size)
{
	skb_add_rx_frag_netmem(skb, 0, buf->netmem, 0, size, size);
}
""",
    follows="include/linux/skbuff.h",
    order=50,
)


def edits(work: Work) -> Iterator[Edit]:
    """Make the netmem form of every row of this pass whose page moved."""
    yield from work.forms(PASS)
