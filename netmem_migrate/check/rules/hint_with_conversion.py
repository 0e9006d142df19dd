# SPDX-License-Identifier: GPL-2.0-only
"""A prefetch that is dropped by a patch which also converts.

prefetch(page) becomes prefetch(netmem_to_nmdesc(netmem)), where the target has it. A patch that
drops prefetches and does nothing else is right.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="hint-with-conversion",
    severity=Severity.WARNING,
    summary="a prefetch is dropped in the same patch that converts; netmem_to_nmdesc() keeps it",
    why="Documentation/process/submitting-patches.rst",
    before="""\
void demo_rx(struct page_pool *pool, struct demo_buf *buf)
{
	prefetch(buf->page);
	page_pool_put_full_page(pool, buf->page, false);
}
""",
    bad="""\
void demo_rx(struct page_pool *pool, struct demo_buf *buf)
{
	page_pool_put_full_netmem(pool, buf->netmem, false);
}
""",
    good="""\
void demo_rx(struct page_pool *pool, struct demo_buf *buf)
{
	page_pool_put_full_page(pool, buf->page, false);
}
""",
    unit=Unit.CHANGE,
)
