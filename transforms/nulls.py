# SPDX-License-Identifier: GPL-2.0-only
"""No netmem is zero, not NULL.

NULL that is stored in, returned as, passed as or compared with a moved slot becomes `0`, `!x` or
`x`. `!page` already reads well and stays. NULL in a `struct page **` cursor stays: a
`netmem_ref *` is a pointer. memset() and `= {}` clear a netmem as they cleared a pointer, and stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow.graph import UseKind

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="nulls",
    summary="NULL becomes 0, and comparisons with it become plain tests",
    before="""\
int take(struct page_pool *pool, struct rx_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	if (buf->page == NULL)
		return -ENOMEM;

	return 0;
}
""",
    after="""\
int take(struct page_pool *pool, struct rx_buf *buf)
{
	buf->netmem = page_pool_dev_alloc_netmems(pool);
	if (!buf->netmem)
		return -ENOMEM;

	return 0;
}
""",
    follows="include/net/netmem.h",
    order=90,
)

_TRUTH = frozenset({"if_statement", "while_statement", "for_statement", "do_statement",
                    "conditional_expression"})


def edits(work: Work) -> Iterator[Edit]:
    """Rewrite NULL where the other side moved."""
    for use in work.analysis.graph.uses:
        if not work.moves(use.slot):
            continue
        if use.kind is UseKind.NULL:
            yield work.replace(PASS, use.place, b"0", "a netmem_ref is no pointer")
        elif use.kind is UseKind.COMPARE and use.inner is not None:
            sign = b"!" if use.negated else b"" if _is_truth(use.place.node) else b"!!"
            yield from work.wrap(PASS, use.place, use.inner, sign, b"",
                                 "a netmem_ref is not compared with NULL")


def _is_truth(node: Node) -> bool:
    """Whether only the truth of an expression matters where it stands."""
    node = view.outer(node)
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "conditional_expression":
        condition = parent.child_by_field_name("condition")
        return condition is not None and condition.id == node.id
    if parent.type == "binary_expression":
        return any(child.type in ("&&", "||") for child in parent.children)
    if parent.type == "unary_expression":
        return any(child.type == "!" for child in parent.children)
    return parent.type in _TRUTH
