# SPDX-License-Identifier: GPL-2.0-only
"""Memory that a function allocates and then loses.

It is lost where a path ends, or its last holder is overwritten, while it is still the function's
own. Memory that is stored, returned, or given to code that is not followed is no concern of the
function any more, and neither is memory that it found in a member.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.paths.events import EventKind
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="leak",
    severity=Severity.ERROR,
    summary="allocated memory is neither released, stored, returned nor handed over",
    why="Documentation/networking/page_pool.rst: memory of a pool has to go back to it; a pool "
        "waits for all of its memory before it goes away.",
    bad="""\
int demo_fill(struct page_pool *pool, struct demo_buf *buf, int busy)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);

	if (!netmem)
		return -ENOMEM;
	if (busy)
		return -EBUSY;
	buf->netmem = netmem;
	return 0;
}
""",
    good="""\
int demo_fill(struct page_pool *pool, struct demo_buf *buf, int busy)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);

	if (!netmem)
		return -ENOMEM;
	if (busy) {
		page_pool_put_full_netmem(pool, netmem, false);
		return -EBUSY;
	}
	buf->netmem = netmem;
	return 0;
}
""",
)


def find(context: Context) -> Iterator[Finding]:
    """The places where memory is lost."""
    for event in context.events(EventKind.LOST):
        yield context.event(RULE, event, (
            f"`{event.name}` from {event.by}() is neither released, stored, returned nor handed "
            "over here"))
