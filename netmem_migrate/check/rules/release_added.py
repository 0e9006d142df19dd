# SPDX-License-Identifier: GPL-2.0-only
"""A change after which memory is given back more often.

A put that became its netmem form counts as the same put.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="release-added",
    severity=Severity.ERROR,
    summary="memory of the pool is given back here, and was not before",
    why="include/net/page_pool/helpers.h",
    before="""\
void demo_drop(struct page_pool *pool, struct demo_buf *buf)
{
	page_pool_put_full_page(pool, buf->page, false);
}
""",
    bad="""\
void demo_drop(struct page_pool *pool, struct demo_buf *buf)
{
	page_pool_put_full_netmem(pool, buf->netmem, false);
	page_pool_put_full_netmem(pool, buf->netmem, false);
}
""",
    good="""\
void demo_drop(struct page_pool *pool, struct demo_buf *buf)
{
	page_pool_put_full_netmem(pool, buf->netmem, false);
}
""",
    unit=Unit.CHANGE,
)
