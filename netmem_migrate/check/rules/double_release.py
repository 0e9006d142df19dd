# SPDX-License-Identifier: GPL-2.0-only
"""Two puts of the same memory on one path.

A put in the next turn of a loop is of other memory, and one after another reference was taken is
not the second of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.paths.events import EventKind
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="double-release",
    severity=Severity.ERROR,
    summary="memory is released twice on one path",
    why="include/net/page_pool/helpers.h: each put gives back one reference; the second one gives "
        "back somebody else's.",
    bad="""\
void demo_drop(struct page_pool *pool, netmem_ref netmem, int last)
{
	if (last)
		page_pool_put_full_netmem(pool, netmem, false);
	page_pool_put_full_netmem(pool, netmem, false);
}
""",
    good="""\
void demo_drop(struct page_pool *pool, netmem_ref netmem, int last)
{
	if (last)
		page_pool_put_full_netmem(pool, netmem, true);
	else
		page_pool_put_full_netmem(pool, netmem, false);
}
""",
)


def find(context: Context) -> Iterator[Finding]:
    """The puts of what was released already."""
    for event in context.events(EventKind.RELEASED_AGAIN):
        yield context.event(RULE, event, f"`{event.name}` was released on this path already")
