# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel allows, but does otherwise for ordinary pages.

The same function for the same memory with another number, flag or mode; a pool with other flags; a
sync that is another, or of another kind; a test or a read on one side only; or any other statement
of a function in which the same happens to memory, in the same orders. A conversion says so in its
message, or does it in a patch of its own.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="changes-pages",
    severity=Severity.WARNING,
    summary="legal, but something else happens for ordinary pages now",
    why="Documentation/networking/page_pool.rst",
    before="""\
void demo_drop(struct page_pool *pool, struct page *page)
{
	page_pool_put_full_page(pool, page, false);
}
""",
    bad="""\
void demo_drop(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_put_full_netmem(pool, netmem, true);
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
