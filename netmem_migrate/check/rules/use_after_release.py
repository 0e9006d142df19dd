# SPDX-License-Identifier: GPL-2.0-only
"""Memory, or an address in it, that is used after the put.

The address counts as the memory: both belong to somebody else by then. What a put is given is
judged by double-release.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.paths.events import EventKind
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="use-after-release",
    severity=Severity.ERROR,
    summary="memory is used after it was released",
    why="include/net/page_pool/helpers.h: after the put the pool may have given the memory to "
        "somebody else.",
    bad="""\
int demo_probe(struct page_pool *pool)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);

	if (!netmem)
		return -ENOMEM;
	page_pool_put_full_netmem(pool, netmem, false);
	return netmem_is_pfmemalloc(netmem);
}
""",
    good="""\
int demo_probe(struct page_pool *pool)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);
	int reserve;

	if (!netmem)
		return -ENOMEM;
	reserve = netmem_is_pfmemalloc(netmem);
	page_pool_put_full_netmem(pool, netmem, false);
	return reserve;
}
""",
)


def find(context: Context) -> Iterator[Finding]:
    """The uses of what was released."""
    for event in context.events(EventKind.USED_AFTER_RELEASE):
        yield context.event(RULE, event, f"`{event.name}` is used after its release")
