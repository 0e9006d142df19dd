# SPDX-License-Identifier: GPL-2.0-only
"""A call that takes a page and is given what the change named netmem.

The comparison knows names, not types: what keeps the name of a page is for argument-kind and for
the compiler.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="missed-call",
    severity=Severity.ERROR,
    summary="a page call is left on what became netmem",
    why="include/net/netmem.h",
    before="""\
dma_addr_t demo_where(struct demo_buf *buf)
{
	struct page *page = buf->page;

	return page_pool_get_dma_addr(page);
}
""",
    bad="""\
dma_addr_t demo_where(struct demo_buf *buf)
{
	netmem_ref netmem = buf->netmem;

	return page_pool_get_dma_addr(netmem);
}
""",
    good="""\
dma_addr_t demo_where(struct demo_buf *buf)
{
	netmem_ref netmem = buf->netmem;

	return page_pool_get_dma_addr_netmem(netmem);
}
""",
    unit=Unit.CHANGE,
)
