# SPDX-License-Identifier: GPL-2.0-only
"""Ask netmem for what the driver read from struct page.

`page->pp` and `pp_page_to_nmdesc(page)->pp` become netmem_get_pp(), the address of pp_ref_count
becomes netmem_get_pp_ref_count_ref(), `page_to_nid(page) == n` becomes netmem_is_pref_nid(), and
page_is_pfmemalloc() follows without a guard. Any other member of struct page has no netmem form:
the slot is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow.graph import UseKind
from netmem_migrate.model.twins import Concern

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="page-fields",
    summary="page->pp, page_to_nid() tests and page_is_pfmemalloc() get their netmem forms",
    before="""\
bool local(struct rx_buf *buf)
{
	return page_to_nid(buf->page) == numa_mem_id() &&
	       !page_is_pfmemalloc(buf->page);
}
""",
    after="""\
bool local(struct rx_buf *buf)
{
	return netmem_is_pref_nid(buf->netmem, numa_mem_id()) &&
	       !netmem_is_pfmemalloc(buf->netmem);
}
""",
    follows="include/net/netmem.h",
    order=80,
)


def edits(work: Work) -> Iterator[Edit]:
    """Rewrite reads of struct page where the page moved."""
    yield from work.calls(PASS, Concern.PAGE_FIELDS)
    for use in work.analysis.graph.uses:
        if use.inner is None or not work.moves(use.slot):
            continue
        if use.kind is UseKind.POOL:
            yield from work.wrap(PASS, use.place, use.inner, b"netmem_get_pp(", b")")
        elif use.kind is UseKind.POOL_COUNT:
            yield from work.wrap(PASS, use.place, use.inner,
                                 b"netmem_get_pp_ref_count_ref(", b")")
        elif use.kind is UseKind.NODE and use.other is not None:
            other = work.text(use.place.file, use.other)
            negation = b"!" if use.negated else b""
            yield from work.wrap(PASS, use.place, use.inner,
                                 negation + b"netmem_is_pref_nid(", b", " + other + b")")
