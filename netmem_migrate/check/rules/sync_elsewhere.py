# SPDX-License-Identifier: GPL-2.0-only
"""A sync for the CPU that starts behind where the device writes.

What the device is given, what the sync starts at, and what the CPU reads behind it are compared as
sums over the start of the buffer. There has to be one of each: the device is given the same all
over the driver, the CPU reads right there, and the sync starts further on by a constant. So a
device that writes further on than it is told is left alone: there the CPU reads further on, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.check.paths.lines import said, waypoints
from netmem_migrate.results import Finding, Severity, Waypoint

if TYPE_CHECKING:
    from netmem_migrate.flow.sync.starts import Elsewhere

RULE = Rule(
    id="sync-elsewhere",
    severity=Severity.WARNING,
    summary="a sync for the CPU starts behind where the device writes, and the CPU reads",
    why="Documentation/core-api/dma-api.rst: what the CPU reads has to be synced; where DMA is not "
        "coherent, or bounced, it reads what was there before.",
    bad="""\
struct demo_desc {
	u64 addr;
};

struct demo_rxq {
	struct page_pool *pool;
	struct device *dev;
	struct page *page[16];
	struct demo_desc *descs;
};

int demo_fill(struct demo_rxq *rxq, u64 *addr, int i)
{
	struct page *page = page_pool_dev_alloc_pages(rxq->pool);

	if (!page)
		return -ENOMEM;
	rxq->page[i] = page;
	*addr = page_pool_get_dma_addr(page) + XDP_PACKET_HEADROOM;
	return 0;
}

void demo_receive(struct demo_rxq *rxq, struct sk_buff *skb, int i, u32 len)
{
	struct page *page = rxq->page[i];
	dma_addr_t dma = rxq->descs[i].addr + XDP_PACKET_HEADROOM;

	dma_sync_single_for_cpu(rxq->dev, dma, len, DMA_FROM_DEVICE);
	skb_put_data(skb, page_address(page) + XDP_PACKET_HEADROOM, len);
}
""",
    good="""\
struct demo_desc {
	u64 addr;
};

struct demo_rxq {
	struct page_pool *pool;
	struct device *dev;
	struct page *page[16];
	struct demo_desc *descs;
};

int demo_fill(struct demo_rxq *rxq, u64 *addr, int i)
{
	struct page *page = page_pool_dev_alloc_pages(rxq->pool);

	if (!page)
		return -ENOMEM;
	rxq->page[i] = page;
	*addr = page_pool_get_dma_addr(page) + XDP_PACKET_HEADROOM;
	return 0;
}

void demo_receive(struct demo_rxq *rxq, struct sk_buff *skb, int i, u32 len)
{
	struct page *page = rxq->page[i];

	dma_sync_single_for_cpu(rxq->dev, rxq->descs[i].addr, len, DMA_FROM_DEVICE);
	skb_put_data(skb, page_address(page) + XDP_PACKET_HEADROOM, len);
}
""",
    unit=Unit.DRIVER,
)


def find(context: Context) -> Iterator[Finding]:
    """The syncs that start there."""
    from netmem_migrate.flow.sync.starts import elsewhere

    for one in elsewhere(context.whole.world) if context.whole is not None else ():
        yield _finding(context, one)


def _finding(context: Context, one: Elsewhere) -> Finding:
    scope, call = one.sync.scope, one.sync.call
    message = (
        f"the sync starts at {one.start.said}, but the device is given {one.device.said} "
        f"({one.device.where}), where the CPU reads ({one.read.where}): ask the owner why the "
        "first bytes are not synced")
    device = Waypoint(one.device.scope.file, one.device.scope.line(one.device.node),
                      said(one.device.node))
    return replace(
        context.finding(RULE, call.node, message, file=scope.file,
                        function=scope.function.name.decode("latin-1")),
        path=(device, *waypoints(scope.file, None, call.node),
              *waypoints(one.read.scope.file, None, one.read.node)))
