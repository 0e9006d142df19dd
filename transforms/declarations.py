# SPDX-License-Identifier: GPL-2.0-only
"""Declare netmem where a page was declared.

`struct page *x` becomes `netmem_ref x`, and one pointer goes from arrays and cursors too. A
declaration of several names is split when only some of them move. sizeof(struct page *) in what
allocates a moved array follows. The column of a member's name stays where it was. `void *` that
was found to hold nothing but pages of the pool is retyped like `struct page *`, and casts between
the two go. A file that comes to need netmem_ref, and that no include of its own gives it, gets
the include.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.declare import retype, retype_descriptor
from netmem_migrate.convert.includes import includes
from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow.graph import UseKind

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="declarations",
    summary="struct page * becomes netmem_ref",
    before="""\
void drop_all(struct page_pool *pool, struct rx_buf *buf)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	buf->page = page;
}
""",
    after="""\
void drop_all(struct page_pool *pool, struct rx_buf *buf)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);

	buf->netmem = netmem;
}
""",
    follows="include/net/netmem.h",
    order=110,
    declares=True,
)


def edits(work: Work) -> Iterator[Edit]:
    """Retype the declarations of every moved slot."""
    for file, start, end, text in retype(work):
        yield work.edit(PASS, file, start, end, text, "holds memory of the page_pool")
    for file, offset, line in includes(work):
        yield work.edit(PASS, file, offset, offset, line, "netmem_ref is declared there")
    for use in work.analysis.graph.uses:
        if use.kind is UseKind.CAST and use.inner is not None and work.moves(use.slot):
            inner = use.inner
            yield work.edit(PASS, use.place.file, use.place.node.start_byte, inner.start_byte,
                            b"", "both sides are netmem_ref")
        if use.kind is UseKind.SIZEOF and use.inner is not None and work.moves(use.slot):
            for start, end, text in retype_descriptor(
                    work.analysis.sources[use.place.file], use.inner):
                yield work.edit(PASS, use.place.file, start, end, text,
                                "the array holds netmem")
