# SPDX-License-Identifier: GPL-2.0-only
"""A raw sync for the CPU of the DMA address that the pool gave for netmem.

Counts only in a driver that sets PP_FLAG_ALLOW_UNREADABLE_NETMEM, and only where the address is in
sight: one that was kept in a member is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.paths.values import place
from netmem_migrate.check.rules._unreadable import found, in_question, stored
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="raw-dma",
    severity=Severity.WARNING,
    summary="memory that may be unreadable is synced for the CPU by the DMA API itself",
    why="Documentation/networking/netmem.rst: use page_pool_dma_sync_netmem_for_cpu(); not every "
        "memory provider has something to sync.",
    bad="""\
static const unsigned int demo_flags = PP_FLAG_ALLOW_UNREADABLE_NETMEM;

void demo_sync(struct device *dev, struct demo_buf *buf, unsigned int len)
{
	dma_addr_t dma = page_pool_get_dma_addr_netmem(buf->netmem);

	dma_sync_single_for_cpu(dev, dma + buf->offset, len, DMA_FROM_DEVICE);
}
""",
    good="""\
static const unsigned int demo_flags = PP_FLAG_ALLOW_UNREADABLE_NETMEM;

void demo_sync(struct page_pool *pool, struct demo_buf *buf, unsigned int len)
{
	page_pool_dma_sync_netmem_for_cpu(pool, buf->netmem, buf->offset, len);
}
""",
)
_SYNCS = re.compile(rb"dma_sync_single(?:_range)?_for_cpu")
_ADDRESS = b"page_pool_get_dma_addr_netmem"


def find(context: Context) -> Iterator[Finding]:
    """The syncs of such an address."""
    if not in_question(context):
        return
    addresses = {stored(context, call) for call in context.calls.get(_ADDRESS, ())} - {""}
    for name, calls in context.calls.items():
        if _SYNCS.fullmatch(name) is None:
            continue
        for call in calls:
            if len(call.args) > 1 and _from_pool(call.args[1], addresses):
                yield found(
                    context, RULE, call.node, f"{name.decode()}() on the DMA address of netmem",
                    fix="page_pool_dma_sync_netmem_for_cpu()")


def _from_pool(node: Node, addresses: set[str]) -> bool:
    node = view.bare(node)
    while (pair := view.infix(node)) is not None and node.type == "binary_expression":
        node = view.bare(pair.left)
    if (call := view.call(node)) is not None:
        return call.name == _ADDRESS
    return place(node) in addresses
