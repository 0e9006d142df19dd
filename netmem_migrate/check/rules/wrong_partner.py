# SPDX-License-Identifier: GPL-2.0-only
"""A page call that became something else than its netmem form.

An equivalent of the form, with what that adds, is the form too.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="wrong-partner",
    severity=Severity.ERROR,
    summary="a call became another one than its netmem partner",
    why="include/net/netmem.h",
    before="""\
void demo_drop(struct page_pool *pool, struct demo_buf *buf)
{
	page_pool_put_full_page(pool, buf->page, false);
}
""",
    bad="""\
void demo_drop(struct page_pool *pool, struct demo_buf *buf)
{
	page_pool_put_unrefed_netmem(pool, buf->netmem, -1, false);
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
