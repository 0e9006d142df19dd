# SPDX-License-Identifier: GPL-2.0-only
"""Say what is missing before a pool may have memory that the CPU cannot read.

Nothing is ever written: whether headers stay out of a pool, the source does not tell. Seven
conditions, P1 to P7 (docs/preparing.md), are judged for each pool on the way to where it is
created, and each that does not hold is named in order, with its places. Where all holds that the
source tells, that is said: a person who knows the hardware sets the flag then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass
from netmem_migrate.reasons import Reason
from netmem_migrate.results import Edit, Room

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work

PASS = Pass(
    id="unreadable",
    summary="what is missing before a pool may have unreadable memory; writes nothing",
    before="""\
struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
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
""",
    after="""\
struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
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
""",
    behind=True,
    refuses=True,
    follows="Documentation/networking/netmem.rst",
    order=99,
)


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """None: it writes nothing."""
    del work
    yield from ()


def edits(work: Work) -> Iterator[Edit]:
    """None."""
    for _, made in rooms(work):
        yield from made


def left(work: Work) -> Iterator[Reason]:
    """What each pool lacks."""
    # The judge reads whole drivers: nothing that a list of passes needs.
    from netmem_migrate.flow.judge.missing import missing

    yield from missing(work.analysis)
