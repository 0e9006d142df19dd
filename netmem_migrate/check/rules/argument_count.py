# SPDX-License-Identifier: GPL-2.0-only
"""A call with more or fewer arguments than the function has in the kernel that counts.

Functions with a variable number are left alone, and so are macros, whose parameters say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.rules._prototypes import has_prototype, known_calls
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="argument-count",
    severity=Severity.ERROR,
    summary="a call has more or fewer arguments than the function",
    why="The prototype in the header of the kernel that is checked for.",
    bad="""\
void demo_drop(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_put_full_netmem(pool, netmem);
}
""",
    good="""\
void demo_drop(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_put_full_netmem(pool, netmem, false);
}
""",
)


def find(context: Context) -> Iterator[Finding]:
    """The calls that do not fit."""
    for call, known in known_calls(context):
        wanted = len(known.parameters)
        if has_prototype(call, known) and len(call.args) != wanted:
            yield context.finding(
                RULE, call.node, f"{known.name}() takes {wanted} arguments, not {len(call.args)}")
