# SPDX-License-Identifier: GPL-2.0-only
"""Warn where a raw sync is of other bytes than the pool's call would be: for testing only.

What `--with sync` shows, S1 to S3, is what the source tells (docs/preparing.md). This one asks the
hardware: before each raw sync that the step would replace, the address that is synced is compared
with the buffer's own, the offset that the pool's call would be given, and the pool's. A driver that
received in every mode without a warning has shown it. Not to be merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.convert import members
from netmem_migrate.convert.passes import Pass
from netmem_migrate.model.spelled import DMA_OF_NETMEM, DMA_OF_PAGE, WARNS
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Edit, FileChange, Room

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.sync.sites import Made

_COLUMNS = 80
_TAB = 8

PASS = Pass(
    id="sync-check",
    summary="for testing only: a raw sync of other bytes than the pool's would be is warned of",
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

	WARN_ON_ONCE(buf->dma + DEMO_PAD !=
		     page_pool_get_dma_addr_netmem(buf->netmem) +
		     ring->pool->p.offset);
	dma_sync_single_range_for_cpu(ring->dev, buf->dma, DEMO_PAD, len,
				      DMA_FROM_DEVICE);
}
""",
    behind=True,
    words={
        "warns": ("DEBUG: compare what is synced with the page_pool in {slot}",
                  ". This patch is for testing, and not to be merged.",
                  "It warns once where the address that is synced is not the one at which "
                  "{made}() would begin. Receive in every mode of the hardware: where nothing "
                  "is warned of, the sync can go through the pool."),
    },
    follows="include/net/page_pool/helpers.h",
    order=92,
)


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each function with such a sync, and the warnings in front of them."""
    from netmem_migrate.flow.sync.sites import sites

    target = work.analysis.target
    by_function: dict[tuple[str, int], list[Made]] = {}
    for one in work.once(sites):
        if not isinstance(one, Reason) and target.has(one.function) and _line_of(
                work, one) is not None:
            key = one.raw.scope.file, one.raw.scope.node.start_byte
            by_function.setdefault(key, []).append(one)
    for (file, _), made in by_function.items():
        scope = made[0].raw.scope
        line = scope.line(made[0].raw.call.node)
        reason = Reason(Why.RAW_SYNC, slot=scope.title, file=file, line=line)
        edits = []
        for one in made:
            start = _line_of(work, one)
            if start is not None:
                edits.append(work.edit(PASS, file, start, start, _warning(work, one, start),
                                       "compared, for testing"))
        yield Room(PASS.id, "warns", scope.title, made[0].function, file, line, reason), edits


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def left(work: Work) -> Iterator[Reason]:
    """The raw syncs that are not compared, with the condition that does not hold."""
    from netmem_migrate.flow.sync.sites import lacking, sites

    for one in work.once(sites):
        if isinstance(one, Reason):
            yield one
        elif not work.analysis.target.has(one.function):
            yield lacking(one)
        elif _line_of(work, one) is None:
            scope = one.raw.scope
            yield Reason(Why.RAW_SYNC, slot=scope.title, file=scope.file,
                         line=scope.line(one.raw.call.node))


def told(change: FileChange) -> FileChange:
    """A change without the warnings that it adds: for the check, they do nothing."""
    from netmem_migrate.flow.sync.warned import without

    less = without(change)
    return change if less is None else replace(change, after=less)


def _line_of(work: Work, made: Made) -> int | None:
    """Where the line of a sync begins; None where a statement cannot stand before it."""
    statement = made.raw.call.node.parent
    if statement is None or statement.type != "expression_statement" or \
            statement.parent is None or statement.parent.type != "compound_statement":
        return None
    source = work.analysis.originals[made.raw.scope.file]
    start = source.rfind(b"\n", 0, statement.start_byte) + 1
    return None if source[start:statement.start_byte].strip() else start


def _warning(work: Work, made: Made, start: int) -> bytes:
    source = work.analysis.originals[made.raw.scope.file]
    newline = members.newline(work, made.raw.scope.file)
    indent = source[start:made.raw.call.node.start_byte]
    raw = [view.text(made.raw.address)]
    if made.raw.offset is not None:
        raw.append(view.text(made.raw.offset))
    own = (DMA_OF_PAGE if made.page else DMA_OF_NETMEM).encode() + b"(" + made.buffer + b")"
    terms = [own, *([made.offset] if made.offset != b"0" else []), made.pool + b"->p.offset"]
    head = indent + WARNS.encode() + b"("
    parts = [b" + ".join(raw) + b" !=", *(one + b" +" for one in terms[:-1]), terms[-1] + b");"]
    below = indent + b"\t" * ((len(WARNS) + 1) // _TAB) + b" " * ((len(WARNS) + 1) % _TAB)
    lines = [head + parts[0]]
    for one in parts[1:]:
        if len((lines[-1] + b" " + one).expandtabs(_TAB)) <= _COLUMNS:
            lines[-1] += b" " + one
        else:
            lines.append(below + one)
    return newline.join([*lines, b""])
