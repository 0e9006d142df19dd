# SPDX-License-Identifier: GPL-2.0-only
"""Sync through the pool."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_transformed

TRANSFORMED = {
    "renamed": (
"""\
void t(struct ring *ring, u32 len)
{
	page_pool_dma_sync_for_cpu(ring->pool, ring->spare, 0, len);
}
""",
"""\
void t(struct ring *ring, u32 len)
{
	page_pool_dma_sync_netmem_for_cpu(ring->pool, ring->spare, 0, len);
}
""",
    ),
    "continued": (
"""\
void t(struct ring *ring, u32 len)
{
	page_pool_dma_sync_for_cpu(ring->pool, ring->buf[0].page,
				   ring->buf[0].offset, len);
}
""",
"""\
void t(struct ring *ring, u32 len)
{
	page_pool_dma_sync_netmem_for_cpu(ring->pool, ring->buf[0].netmem,
					  ring->buf[0].offset, len);
}
""",
    ),
}
LEFT_ALONE = {
    "raw-sync": """\
void t(struct device *dev, dma_addr_t dma)
{
	dma_sync_single_for_cpu(dev, dma, 64, DMA_FROM_DEVICE);
}
""",
    "pages-of-a-frame": """\
void t(struct page_pool *pool, struct xdp_frame *xdp)
{
	page_pool_dma_sync_for_cpu(pool, virt_to_page(xdp->data), 0, 64);
}
""",
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transformed(name: str, tmp_path: Path) -> None:
    check_transformed(tmp_path, *TRANSFORMED[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    check_noop(tmp_path, LEFT_ALONE[name])
