# SPDX-License-Identifier: GPL-2.0-only
"""A put of memory that an skb or an XDP buffer has already.

The put is right where another reference was taken before.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.paths.events import EventKind
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="put-after-handover",
    severity=Severity.ERROR,
    summary="memory is released although an skb or an XDP buffer has it",
    why="include/linux/skbuff.h: the frag keeps the reference that was the caller's; the skb gives "
        "it back.",
    bad="""\
void demo_rx(struct page_pool *pool, struct sk_buff *skb, netmem_ref netmem, int len)
{
	skb_add_rx_frag_netmem(skb, 0, netmem, 0, len, PAGE_SIZE);
	page_pool_put_full_netmem(pool, netmem, true);
}
""",
    good="""\
void demo_rx(struct page_pool *pool, struct sk_buff *skb, netmem_ref netmem, int len)
{
	if (len)
		skb_add_rx_frag_netmem(skb, 0, netmem, 0, len, PAGE_SIZE);
	else
		page_pool_put_full_netmem(pool, netmem, true);
}
""",
)


def find(context: Context) -> Iterator[Finding]:
    """The puts of what was handed over."""
    for event in context.events(EventKind.RELEASED_AFTER_HANDOVER):
        yield context.event(RULE, event, (
            f"`{event.name}` is released by {event.by}() after it was handed over"))
