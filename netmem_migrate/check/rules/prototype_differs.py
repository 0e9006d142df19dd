# SPDX-License-Identifier: GPL-2.0-only
"""A prototype, or a call, that no longer fits the function that the change leaves.

Names of parameters do not count, nor do functions of which nothing is in sight.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="prototype-differs",
    severity=Severity.ERROR,
    summary="a prototype or a call does not fit the function",
    why="The function's definition after the change.",
    before="""\
static void demo_drop(struct page_pool *pool, struct page *page);

static void demo_drop(struct page_pool *pool, struct page *page)
{
	page_pool_put_full_page(pool, page, false);
}
""",
    bad="""\
static void demo_drop(struct page_pool *pool, struct page *page);

static void demo_drop(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_put_full_netmem(pool, netmem, false);
}
""",
    good="""\
static void demo_drop(struct page_pool *pool, netmem_ref netmem);

static void demo_drop(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_put_full_netmem(pool, netmem, false);
}
""",
    unit=Unit.CHANGE,
)
