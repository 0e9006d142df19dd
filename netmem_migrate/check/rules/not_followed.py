# SPDX-License-Identifier: GPL-2.0-only
"""A function with memory of a pool that the rules about paths say nothing of.

It does not parse, or its paths differ in more ways than can be kept apart (20000 states). It is
named, because silence would look like a clean bill.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.paths.events import EventKind
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="not-followed",
    severity=Severity.NOTE,
    summary="a function with pool memory is not followed on its paths",
    why="docs/checking.md of netmem-migrate: the rules about leaks, releases and tests say nothing "
        "of it; the comparison of a patch with the code before does.",
    bad="""\
void demo_drop(struct page_pool *pool, netmem_ref netmem)
{
	if (netmem) )
		page_pool_put_full_netmem(pool, netmem, false);
}
""",
    good="""\
void demo_drop(struct page_pool *pool, netmem_ref netmem)
{
	if (netmem)
		page_pool_put_full_netmem(pool, netmem, false);
}
""",
    unparsed=True,
)


def find(context: Context) -> Iterator[Finding]:
    """The function itself, if it is left alone."""
    if context.root.has_error:
        yield context.finding(RULE, context.root, "not followed: it does not parse")
    for event in context.events(EventKind.TOO_MANY_PATHS):
        yield context.event(RULE, event, "not followed: it has too many paths")
