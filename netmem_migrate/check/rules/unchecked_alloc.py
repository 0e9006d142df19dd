# SPDX-License-Identifier: GPL-2.0-only
"""An allocation that is used before a test for NULL, or where the test says that it failed.

Storing it is no use: whoever reads it later may test it.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.paths.events import EventKind
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="unchecked-alloc",
    severity=Severity.ERROR,
    summary="allocated memory is used without a test for NULL",
    why="include/net/page_pool/helpers.h: an allocation gives NULL (0 for netmem) when there is no "
        "memory.",
    bad="""\
int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);

	buf->dma = page_pool_get_dma_addr_netmem(netmem);
	buf->netmem = netmem;
	return 0;
}
""",
    good="""\
int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);

	if (!netmem)
		return -ENOMEM;
	buf->dma = page_pool_get_dma_addr_netmem(netmem);
	buf->netmem = netmem;
	return 0;
}
""",
)


def find(context: Context) -> Iterator[Finding]:
    """The uses of what may be NULL."""
    for event in context.events(EventKind.USED_UNTESTED):
        yield context.event(RULE, event, (
            f"`{event.name}` from {event.by}() is used without a test for NULL"))
