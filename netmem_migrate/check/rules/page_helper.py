# SPDX-License-Identifier: GPL-2.0-only
"""Netmem that becomes a page without a test that it is one.

Counts only in a driver that sets PP_FLAG_ALLOW_UNREADABLE_NETMEM. A function that asks whether the
memory is a net_iov is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.rules._unreadable import asks, found, in_question, is_page
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="page-helper",
    severity=Severity.WARNING,
    summary="netmem becomes a page without a test that it is one",
    why="include/net/netmem.h: netmem_to_page() is for memory that netmem_is_net_iov() says no to.",
    bad="""\
static const unsigned int demo_flags = PP_FLAG_ALLOW_UNREADABLE_NETMEM;

struct page *demo_page(struct demo_buf *buf)
{
	return netmem_to_page(buf->netmem);
}
""",
    good="""\
static const unsigned int demo_flags = PP_FLAG_ALLOW_UNREADABLE_NETMEM;

struct page *demo_page(struct demo_buf *buf)
{
	if (netmem_is_net_iov(buf->netmem))
		return NULL;
	return netmem_to_page(buf->netmem);
}
""",
)


def find(context: Context) -> Iterator[Finding]:
    """The calls that make a page of it."""
    if not in_question(context) or asks(context):
        return
    for name in (b"netmem_to_page", b"__netmem_to_page"):
        for call in context.calls.get(name, ()):
            if not (call.args and is_page(context, call.args[0])):
                yield found(context, RULE, call.node,
                            f"{name.decode()}() without netmem_is_net_iov() before")
