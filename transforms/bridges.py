# SPDX-License-Identifier: GPL-2.0-only
"""Bridge pages into netmem, and undo bridges that are no longer needed.

A page that comes from elsewhere and flows into a moved slot is wrapped in page_to_netmem(), which
is always safe; virt_to_page() becomes virt_to_netmem(). A page_to_netmem() around a slot that
moved is taken away. The other direction, netmem_to_page(), is never written: a slot that would
need it stays a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow.graph import UseKind

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
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

# Expressions that need no parentheses, and places that give them.
_ATOMIC = frozenset({"identifier", "field_expression", "subscript_expression", "call_expression",
                     "parenthesized_expression"})
_CLOSED = frozenset({"argument_list", "parenthesized_expression", "return_statement",
                     "init_declarator"})
_BACK = (b"netmem_to_page", b"__netmem_to_page")


def edits(work: Work) -> Iterator[Edit]:
    """Wrap pages that flow into moved slots; unwrap moved slots."""
    done: set[tuple[str, int, int]] = set()
    for bridge in work.analysis.solution.bridges:
        node = bridge.place.node
        where = (bridge.place.file, node.start_byte, node.end_byte)
        if where in done:
            continue
        done.add(where)
        why = f"{bridge.text} gives a page"
        name = node.child_by_field_name("function") if node.type == "call_expression" else None
        if (name is not None and work.text(bridge.place.file, name) == b"virt_to_page"
                and work.analysis.target.has("virt_to_netmem")):
            yield work.edit(PASS, bridge.place.file, name.start_byte, name.end_byte,
                            b"virt_to_netmem", why)
            continue
        inner = node.child_by_field_name("arguments")
        if (name is not None and inner is not None and len(inner.named_children) == 1
                and work.text(bridge.place.file, name) in _BACK):
            # A netmem was turned into a page only to be kept.
            yield from work.wrap(PASS, bridge.place, inner.named_children[0], b"", b"",
                                 "it was a netmem before")
            continue
        yield work.edit(PASS, bridge.place.file, node.start_byte, node.start_byte,
                        b"page_to_netmem(", why)
        yield work.edit(PASS, bridge.place.file, node.end_byte, node.end_byte, b")", why)
    for use in work.analysis.graph.uses:
        if use.kind is UseKind.UNWRAP and use.inner is not None and work.moves(use.slot):
            bare = use.inner.type in _ATOMIC or (
                use.place.node.parent is not None and use.place.node.parent.type in _CLOSED)
            yield from work.wrap(PASS, use.place, use.inner, b"" if bare else b"(",
                                 b"" if bare else b")", "it is a netmem already")
