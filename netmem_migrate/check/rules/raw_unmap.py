# SPDX-License-Identifier: GPL-2.0-only
"""A raw unmap of an address that was stored with the helper for netmem.

The helper stores 0 for memory that is no page and has no mapping of its own; only its partner knows
what that 0 means. An address is followed by its member, all over the driver. Where a member is also
set to what a raw unmap is right for, and where a test of the memory decides, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.check.paths.lines import said, waypoints
from netmem_migrate.flow.unmaps import Raw, raws
from netmem_migrate.model.spelled import KEEPS_NETMEM, UNMAPS_NETMEM
from netmem_migrate.reasons import Why
from netmem_migrate.results import Finding, Severity, Waypoint

RULE = Rule(
    id="raw-unmap",
    severity=Severity.WARNING,
    summary="an address that netmem_dma_unmap_addr_set() stored is unmapped by the DMA API itself",
    why="Documentation/networking/netmem.rst: memory providers map and unmap what is no page; the "
        "helper stores 0 for it, and netmem_dma_unmap_page_attrs() leaves that alone.",
    bad="""\
struct demo_tx {
	dma_addr_t dma;
};

void demo_map(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_addr_t addr = skb_frag_dma_map(dev, frag, 0, skb_frag_size(frag), DMA_TO_DEVICE);

	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma, addr);
}

void demo_free(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_unmap_page(dev, dma_unmap_addr(tx, dma), skb_frag_size(frag), DMA_TO_DEVICE);
}
""",
    good="""\
struct demo_tx {
	dma_addr_t dma;
};

void demo_map(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_addr_t addr = skb_frag_dma_map(dev, frag, 0, skb_frag_size(frag), DMA_TO_DEVICE);

	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma, addr);
}

void demo_free(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_addr_t addr = dma_unmap_addr(tx, dma);

	netmem_dma_unmap_page_attrs(dev, addr, skb_frag_size(frag), DMA_TO_DEVICE, 0);
}
""",
    unit=Unit.DRIVER,
)


def find(context: Context) -> Iterator[Finding]:
    """The raw unmaps of such members."""
    whole = context.whole
    if whole is None or not any(KEEPS_NETMEM.encode() in one for one in whole.originals.values()):
        return
    for raw in raws(whole.world):
        if raw.why in (None, Why.FIX_SINGLE):
            yield _finding(context, raw)


def _finding(context: Context, raw: Raw) -> Finding:
    scope, call = raw.scope, raw.call
    message = (
        f"`{raw.member}` of {raw.record} is unmapped by {call.name.decode()}(), and set by "
        f"{KEEPS_NETMEM}() ({raw.store.at}), to 0 for memory that is no "
        "page: ask the owner whether such memory gets here")
    at = Waypoint(raw.store.scope.file, raw.store.scope.line(raw.store.node),
                  said(raw.store.node))
    return replace(
        context.finding(RULE, call.node, message, fix=f"{UNMAPS_NETMEM[0]}()", file=scope.file,
                        function=scope.function.name.decode("latin-1")),
        path=(at, *waypoints(scope.file, None, call.node)))
