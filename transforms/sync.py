# SPDX-License-Identifier: GPL-2.0-only
"""Sync Rx memory for the CPU through its pool.

dma_sync_single_for_cpu() and dma_sync_single_range_for_cpu() take an address. The pool's call takes
the memory, and does nothing where that is not the CPU's. It adds the pool's offset, so that what
the driver adds is less by as much. Done only where nine conditions hold, S1 to S9
(docs/preparing.md): the address that is kept is that of the buffer beside it wherever it is set,
nothing would start before the pool's offset, the sync starts where the device writes, device and
direction are the pool's, and nothing is lost in 32 bits; what the pool was made with stays, and the
memory is a pool's on every path. Refused with the condition and the place anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Edit, FileChange, Room

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.sync.sites import Made

_WHAT = ("The same bytes are synced as before: {made}() adds the offset of the pool, and takes "
         "device and direction from it. It does nothing where the memory is not for the CPU to "
         "read.")

PASS = Pass(
    id="sync",
    summary="memory of a pool is synced for the CPU through the pool",
    before="""\
struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
	struct demo_buf *bufs;
};

struct demo_buf {
	netmem_ref netmem;
	dma_addr_t dma;
};

int demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
		.offset = DEMO_PAD,
	};

	ring->pool = page_pool_create(&params);
	return PTR_ERR_OR_ZERO(ring->pool);
}

int demo_fill(struct demo_ring *ring, int i, __le64 *desc)
{
	struct demo_buf *buf = &ring->bufs[i];

	buf->netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!buf->netmem)
		return -ENOMEM;

	buf->dma = page_pool_get_dma_addr_netmem(buf->netmem);
	*desc = cpu_to_le64(buf->dma + DEMO_PAD);
	return 0;
}

void demo_sync(struct demo_ring *ring, int i, u32 len)
{
	struct demo_buf *buf = &ring->bufs[i];

	dma_sync_single_range_for_cpu(ring->dev, buf->dma, DEMO_PAD, len,
				      DMA_FROM_DEVICE);
}
""",
    after="""\
struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
	struct demo_buf *bufs;
};

struct demo_buf {
	netmem_ref netmem;
	dma_addr_t dma;
};

int demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
		.offset = DEMO_PAD,
	};

	ring->pool = page_pool_create(&params);
	return PTR_ERR_OR_ZERO(ring->pool);
}

int demo_fill(struct demo_ring *ring, int i, __le64 *desc)
{
	struct demo_buf *buf = &ring->bufs[i];

	buf->netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!buf->netmem)
		return -ENOMEM;

	buf->dma = page_pool_get_dma_addr_netmem(buf->netmem);
	*desc = cpu_to_le64(buf->dma + DEMO_PAD);
	return 0;
}

void demo_sync(struct demo_ring *ring, int i, u32 len)
{
	struct demo_buf *buf = &ring->bufs[i];

	page_pool_dma_sync_netmem_for_cpu(ring->pool, buf->netmem, 0, len);
}
""",
    behind=True,
    proven=True,
    words={
        "sync": ("sync Rx memory through the page_pool in {slot}",
                 ", which knows whether there is anything to sync.", _WHAT),
        "turned": ("sync Rx memory through the page_pool in {slot}",
                   ", which knows whether there is anything to sync.",
                   _WHAT + " The direction changes: it was DMA_FROM_DEVICE, and becomes that of "
                   "the pool, which is, or may be, DMA_BIDIRECTIONAL."),
    },
    follows="include/net/page_pool/helpers.h",
    order=91,
)


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each sync that goes through the pool, and the edits that make it."""
    from netmem_migrate.flow.sync.unused import unused

    found = [one for one in _sites(work) if not isinstance(one, Reason)]
    by_function: dict[tuple[str, int], list[Made]] = {}
    for one in found:
        key = one.raw.scope.file, one.raw.scope.node.start_byte
        by_function.setdefault(key, []).append(one)
    for (file, _), made in by_function.items():
        scope = made[0].raw.scope
        edits = [work.edit(PASS, file, one.raw.call.node.start_byte, one.raw.call.node.end_byte,
                           one.text, "synced through the pool") for one in made]
        gone = unused(work.analysis.originals[file], scope.node,
                      {one.raw.call.node: one.text for one in made}, scope.swapping)
        edits += [work.edit(PASS, file, start, end, text, "not used any more")
                  for start, end, text in gone]
        line = scope.line(made[0].raw.call.node)
        reason = Reason(Why.RAW_SYNC, slot=scope.title, file=file, line=line)
        kind = "turned" if any(one.turned for one in made) else "sync"
        names = list(dict.fromkeys(one.function for one in made))
        yield Room(PASS.id, kind, scope.title, names[0], file, line, reason), edits


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def left(work: Work) -> Iterator[Reason]:
    """The raw syncs that stay, with the condition that does not hold."""
    from netmem_migrate.flow.sync.sites import lacking, sites

    for one in work.once(sites):
        if isinstance(one, Reason):
            yield one
        elif not work.analysis.target.has(one.function):
            yield lacking(one)


def told(change: FileChange) -> FileChange:
    """A change without the syncs that it turns: for the check, no other bytes are synced."""
    from netmem_migrate.flow.sync.text import synced

    found = synced({change.path: change.parsed_before}, {change.path: change.parsed_after})
    return replace(change, before=found.spelled[change.path]) if found is not None else change


def _sites(work: Work) -> list[Made | Reason]:
    from netmem_migrate.flow.sync.sites import sites

    target = work.analysis.target
    return [one for one in work.once(sites)
            if isinstance(one, Reason) or target.has(one.function)]
