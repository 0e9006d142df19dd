# SPDX-License-Identifier: GPL-2.0-only
"""Bridge pages into netmem, and undo bridges that are no longer needed.

A page that comes from elsewhere and flows into a moved slot is wrapped in page_to_netmem(), which
is always safe; virt_to_page() becomes virt_to_netmem(). A page_to_netmem() around a slot that
moved is taken away. The other direction, netmem_to_page(), is written only for what stays a page of
a ring of heads (netmem_migrate/flow/heads.py); any other slot that would need it stays a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.convert.passes import Pass
from netmem_migrate.model.forms import KNOWN, MEMORY

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.graph import Bridge
    from netmem_migrate.results import Edit

PASS = Pass(
    id="bridges",
    summary="page_to_netmem() where a page flows into netmem, and not where none does any more",
    before="""\
void refill(struct page_pool *pool, struct rx_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	post(page_to_netmem(buf->page));
}
""",
    after="""\
void refill(struct page_pool *pool, struct rx_buf *buf)
{
	buf->netmem = page_pool_dev_alloc_netmems(pool);
	post(buf->netmem);
}
""",
    follows="include/net/netmem.h",
    order=100,
)

# Netmem functions that give the page behind their argument.
_BACK = frozenset(row.becomes.name for row in KNOWN if row.page == MEMORY)


def edits(work: Work) -> Iterator[Edit]:
    """Wrap pages that flow into moved slots; unwrap moved slots."""
    yield from work.forms(PASS)
    done: set[tuple[str, int, int]] = set()
    for bridge in work.analysis.solution.bridges:
        node = bridge.place.node
        where = (bridge.place.file, node.start_byte, node.end_byte)
        if where not in done:
            done.add(where)
            yield from _bridged(work, bridge)
    for head in work.analysis.solution.heads:
        for place in head.taken:
            node, why = place.node, "the page of a ring of heads"
            yield work.edit(PASS, place.file, node.start_byte, node.start_byte,
                            b"netmem_to_page(", why)
            yield work.edit(PASS, place.file, node.end_byte, node.end_byte, b")", why)


def _bridged(work: Work, bridge: Bridge) -> Iterator[Edit]:
    place, node = bridge.place, bridge.place.node
    why = f"{bridge.text} gives a page"
    call = view.call(node)
    name = work.text(place.file, call.function).decode("latin-1") if call is not None else ""
    for row in work.analysis.rows.of(PASS.id):
        if call is not None and name == row.call and row.renames and work.analysis.target.fits(row):
            yield work.edit(PASS, place.file, call.function.start_byte, call.function.end_byte,
                            row.becomes.name.encode(), why)
            return
    if call is not None and len(call.arguments.named_children) == 1 and name in _BACK:
        # A netmem was turned into a page only to be kept.
        yield from work.wrap(PASS, place, call.arguments.named_children[0], b"", b"",
                             "it was a netmem before")
        return
    yield work.edit(PASS, place.file, node.start_byte, node.start_byte, b"page_to_netmem(", why)
    yield work.edit(PASS, place.file, node.end_byte, node.end_byte, b")", why)
