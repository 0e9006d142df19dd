# SPDX-License-Identifier: GPL-2.0-only
"""A name that a function declared before the change, or that the change brings, and nothing does.

Names that macros may declare, paste or take for members are left alone.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="undeclared",
    severity=Severity.ERROR,
    summary="a name is used that nothing declares any more",
    why="The function's declarations after the change.",
    before="""\
void demo_drop(struct page_pool *pool, struct page *page)
{
	page_pool_put_full_page(pool, page, false);
}
""",
    bad="""\
void demo_drop(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_put_full_netmem(pool, page, false);
}
""",
    good="""\
void demo_drop(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_put_full_netmem(pool, netmem, false);
}
""",
    unit=Unit.CHANGE,
)
