# SPDX-License-Identifier: GPL-2.0-only
"""A change after which memory is given back less often.

A put that became its netmem form counts as the same put.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="release-removed",
    severity=Severity.ERROR,
    summary="memory of the pool is no longer given back here",
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
