# SPDX-License-Identifier: GPL-2.0-only
"""Two frags that are given one reference.

Each frag of the same memory needs a reference of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.paths.events import EventKind
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="double-handover",
    severity=Severity.ERROR,
    summary="memory is handed over twice with one reference",
    why="include/linux/skbuff.h: each frag keeps a reference of its own; take another with "
        "page_pool_ref_netmem() before the second.",
    bad="""\
int demo_rx(struct page_pool *pool, struct sk_buff *skb, int len)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);

	if (!netmem)
		return -ENOMEM;
	skb_add_rx_frag_netmem(skb, 0, netmem, 0, len, PAGE_SIZE);
	skb_add_rx_frag_netmem(skb, 1, netmem, len, len, PAGE_SIZE);
	return 0;
}
""",
    good="""\
int demo_rx(struct page_pool *pool, struct sk_buff *skb, int len)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);

	if (!netmem)
		return -ENOMEM;
	page_pool_ref_netmem(netmem);
	skb_add_rx_frag_netmem(skb, 0, netmem, 0, len, PAGE_SIZE);
	skb_add_rx_frag_netmem(skb, 1, netmem, len, len, PAGE_SIZE);
	return 0;
}
""",
)


def find(context: Context) -> Iterator[Finding]:
    """The second of two handovers."""
    for event in context.events(EventKind.HANDED_OVER_AGAIN):
        yield context.event(RULE, event, (
            f"`{event.name}` is handed over a second time with one reference"))
