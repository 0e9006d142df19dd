# SPDX-License-Identifier: GPL-2.0-only
"""Let the pool sync its memory for the device.

A pool that maps memory with PP_FLAG_DMA_MAP syncs it for the device only with PP_FLAG_DMA_SYNC_DEV:
all of it (max_len) when it is new, and as much as a put says is touched when it comes back. A
driver without the flag syncs each buffer itself when it fills the ring, or not at all. With it, a
put that says that nothing was touched has to say that all was, since the CPU had it, and the
driver's own sync of what was just taken from the pool does nothing that the pool did not. Done only
where all is read that the driver does with the memory, and only where all orders of filling,
receiving, putting and recycling, played on a model of the pool, lead to no access of bytes that are
not synced which was not there before (docs/preparing.md). Refused with the place anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass
from netmem_migrate.model.spelled import DMA_SYNC
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Edit, FileChange, Room

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.flags.step import Made

_WHOLE = ("The pool gets {made}, which Documentation/networking/netmem.rst requires, and max_len "
          "is all of its memory.")
_PUTS = (" Each put says that all was touched: memory that the CPU had would go back unsynced "
         "otherwise.")
_GONE = (" The driver's own sync of memory that it just took from the pool goes: the pool has "
         "synced it by then.")
_COST = (" This is not the same as before: more is synced, and at other times, all of a piece of "
         "memory when it is new and each time that it comes back to the pool. For a device that "
         "needs syncs, that is the cost; no speed was measured.")
_CLEAN = (" Played on a model of the pool, in all orders of filling, receiving, putting and "
          "recycling, the driver is left with no access of bytes that are not synced")
_KEPT = (" Played on a model of the pool, in all orders of filling, receiving, putting and "
         "recycling, the driver gets no access of bytes that are not synced that it did not have")
_TAKEN = (", as far as the CPU touches only what the driver synced for it, the hardware writes "
          "inside the memory, and nothing uses memory once it gave it back.")
_DOES = {"flag": "", "puts": _PUTS, "gone": _GONE, "moved": _PUTS + _GONE}

PASS = Pass(
    id="flags",
    summary="a pool syncs its memory for the device",
    before="""\
struct demo_buf {
	netmem_ref netmem;
};

struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
	struct demo_buf *bufs;
};

int demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP,
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
	};

	ring->pool = page_pool_create(&params);
	return PTR_ERR_OR_ZERO(ring->pool);
}

int demo_fill(struct demo_ring *ring, struct demo_buf *buf, __le64 *desc)
{
	dma_addr_t dma;

	buf->netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!buf->netmem)
		return -ENOMEM;

	dma = page_pool_get_dma_addr_netmem(buf->netmem);
	dma_sync_single_for_device(ring->dev, dma, PAGE_SIZE, DMA_FROM_DEVICE);
	*desc = cpu_to_le64(dma);
	return 0;
}

void demo_receive(struct demo_ring *ring, struct demo_buf *buf,
		  struct sk_buff *skb, u32 len)
{
	page_pool_dma_sync_netmem_for_cpu(ring->pool, buf->netmem, 0, len);
	if (skb)
		skb_add_rx_frag_netmem(skb, 0, buf->netmem, 0, len, PAGE_SIZE);
	else
		page_pool_put_netmem(ring->pool, buf->netmem, 0, true);
	buf->netmem = 0;
}
""",
    after="""\
struct demo_buf {
	netmem_ref netmem;
};

struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
	struct demo_buf *bufs;
};

int demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
		.max_len = PAGE_SIZE,
	};

	ring->pool = page_pool_create(&params);
	return PTR_ERR_OR_ZERO(ring->pool);
}

int demo_fill(struct demo_ring *ring, struct demo_buf *buf, __le64 *desc)
{
	dma_addr_t dma;

	buf->netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!buf->netmem)
		return -ENOMEM;

	dma = page_pool_get_dma_addr_netmem(buf->netmem);
	*desc = cpu_to_le64(dma);
	return 0;
}

void demo_receive(struct demo_ring *ring, struct demo_buf *buf,
		  struct sk_buff *skb, u32 len)
{
	page_pool_dma_sync_netmem_for_cpu(ring->pool, buf->netmem, 0, len);
	if (skb)
		skb_add_rx_frag_netmem(skb, 0, buf->netmem, 0, len, PAGE_SIZE);
	else
		page_pool_put_netmem(ring->pool, buf->netmem, -1, true);
	buf->netmem = 0;
}
""",
    behind=True,
    proven=True,
    words={kind + mark: ("let the page_pool sync for the device in {slot}", ".",
                         _WHOLE + does + _COST + shown + _TAKEN)
           for mark, shown in (("", _CLEAN), ("-kept", _KEPT)) for kind, does in _DOES.items()},
    follows="net/core/page_pool.c",
    order=93,
)


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each pool that gets the flag, and all edits that go with it."""
    from netmem_migrate.flow.flags.step import steps

    for one in work.once(steps):
        if isinstance(one, Reason):
            continue
        edits = [work.edit(PASS, change.file, change.start, change.end, change.text, change.why)
                 for change in one.changes]
        asked = one.read.asked
        scope = asked.scope
        line = scope.line(asked.flags[0])
        yield Room(PASS.id, _kind(one), scope.title, DMA_SYNC, scope.file, line,
                   _reason(one)), edits


def _kind(one: Made) -> str:
    kind = {(False, False): "flag", (True, False): "puts", (False, True): "gone"}.get(
        (bool(one.turned), bool(one.gone)), "moved")
    return kind if one.shown.clean else f"{kind}-kept"


def _reason(one: Made) -> Reason:
    """That the pool lacks the flag, and what is left all the same, with the places."""
    read = one.read
    left: Reason | None = None
    if read.stale:
        left = Reason(Why.FLAGS_STALE, other=_short(read.stale))
    if read.touched and not one.shown.clean:
        left = Reason(Why.FLAGS_TOUCHED, other=_short(read.touched), because=left)
    if read.stays and not one.shown.clean:
        left = Reason(Why.FLAGS_STAYS, other=_short(read.stays), because=left)
    if read.part and not one.shown.clean:
        left = Reason(Why.FLAGS_PART, by=_short((read.part,)), because=left)
    scope = read.asked.scope
    return Reason(Why.FLAGS_LACKING, slot=scope.title, file=scope.file,
                  line=scope.line(read.asked.flags[0]), because=left)


def _short(places: Iterable[str]) -> str:
    return ", ".join(one.rpartition("/")[2] for one in places)


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def left(work: Work) -> Iterator[Reason]:
    """The pools that get no flag, and why."""
    from netmem_migrate.flow.flags.step import steps

    yield from (one for one in work.once(steps) if isinstance(one, Reason))


def told(change: FileChange) -> FileChange:
    """A change less what the flag replaces: for the check, memory is given back as before."""
    from netmem_migrate.flow.flags.text import restored

    less = restored(change)
    return change if less is None else replace(change, before=less)
