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
    """Make the netmem form of every row of this pass whose page moved."""
    yield from work.forms(PASS)
