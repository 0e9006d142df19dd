# SPDX-License-Identifier: GPL-2.0-only
"""A read by the CPU of memory that a device wrote, in a driver that never syncs for the CPU.

The memory comes from a pool that maps it, is kept in a member, and its DMA address is asked for; it
is read by a copy, by what makes a packet of it, or by its address. A driver that syncs or unmaps
anywhere what it receives is left alone, and so is one that calls what may do it, in another file or
in a library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.check.paths.lines import said, waypoints
from netmem_migrate.results import Finding, Severity, Waypoint

RULE = Rule(
    id="no-cpu-sync",
    severity=Severity.WARNING,
    summary="the CPU reads what a device wrote, and nothing syncs it for the CPU",
    why="Documentation/core-api/dma-api.rst: memory is synced before the CPU reads what a device "
        "wrote; without that it works where DMA is coherent, and not bounced.",
    bad="""\
struct demo_buf {
	struct page *page;
};

struct page_pool *demo_pool(struct device *dev)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.dma_dir = DMA_FROM_DEVICE,
		.max_len = PAGE_SIZE,
		.dev = dev,
	};

	return page_pool_create(&params);
}

int demo_fill(struct page_pool *pool, struct demo_buf *buf, __le64 *addr)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	if (!buf->page)
		return -ENOMEM;
	*addr = cpu_to_le64(page_pool_get_dma_addr(buf->page));
	return 0;
}

struct sk_buff *demo_receive(struct demo_buf *buf)
{
	return napi_build_skb(page_address(buf->page), PAGE_SIZE);
}
""",
    good="""\
struct demo_buf {
	struct page *page;
};

struct page_pool *demo_pool(struct device *dev)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.dma_dir = DMA_FROM_DEVICE,
		.max_len = PAGE_SIZE,
		.dev = dev,
	};

	return page_pool_create(&params);
}

int demo_fill(struct page_pool *pool, struct demo_buf *buf, __le64 *addr)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	if (!buf->page)
		return -ENOMEM;
	*addr = cpu_to_le64(page_pool_get_dma_addr(buf->page));
	return 0;
}

struct sk_buff *demo_receive(struct page_pool *pool, struct demo_buf *buf, u32 len)
{
	page_pool_dma_sync_for_cpu(pool, buf->page, 0, len);
	return napi_build_skb(page_address(buf->page), PAGE_SIZE);
}
""",
    unit=Unit.DRIVER,
)


def find(context: Context) -> Iterator[Finding]:
    """The reads."""
    from netmem_migrate.flow.sync.unsynced import unsynced

    whole = context.whole
    for one in unsynced(whole.world, whole.root) if whole is not None else ():
        given, call = one.given
        name = one.kept.name.decode("latin-1")
        message = (
            f"{one.by} reads `{name}` of {one.record}, which the device is given "
            f"({given.where(call)}), and nothing in the driver syncs it for the CPU: ask the owner "
            "for the pool's sync before the read")
        yield replace(
            context.finding(RULE, one.node, message, file=one.scope.file,
                            function=one.scope.function.name.decode("latin-1")),
            path=(Waypoint(given.file, given.line(call), said(call)),
                  *waypoints(one.scope.file, None, one.node)))
