# SPDX-License-Identifier: GPL-2.0-only
"""Hand netmem to skb and XDP frags, and take the driver's own back from them.

skb_frag_page() gives NULL for memory that is not a page, where skb_frag_netmem() does not, so the
two are one only for frags that the driver filled from its pool, whose memory goes back to the pool
or into a slot that moves (netmem_migrate/flow/frags.py). Any other stays.
skb_frag_fill_netmem_desc() does not mark the skb unreadable; a driver that enables device memory
has to, which is another patch.
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
    summary="the helpers that fill frags become their netmem twins, with skb_frag_page() of them",
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
