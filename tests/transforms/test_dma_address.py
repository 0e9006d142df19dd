# SPDX-License-Identifier: GPL-2.0-only
"""The DMA address of pool memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

TRANSFORMED = {
    "stored": (
"""\
void t(struct ring *ring, dma_addr_t *where)
{
	*where = page_pool_get_dma_addr(ring->spare) + ring->buf[0].offset;
}
""",
"""\
void t(struct ring *ring, dma_addr_t *where)
{
	*where = page_pool_get_dma_addr_netmem(ring->spare) +
		 ring->buf[0].offset;
}
""",
    ),
    "const-parameter": (
"""\
static dma_addr_t where(const struct page *page)
{
	return page_pool_get_dma_addr(page);
}

dma_addr_t t(struct ring *ring)
{
	return where(ring->spare) + where(ring->buf[0].page);
}
""",
"""\
static dma_addr_t where(netmem_ref netmem)
{
	return page_pool_get_dma_addr_netmem(netmem);
}

dma_addr_t t(struct ring *ring)
{
	return where(ring->spare) + where(ring->buf[0].netmem);
}
""",
    ),
    "ternary": (
"""\
dma_addr_t t(struct rx_buf *buf)
{
	return buf->page != NULL ? page_pool_get_dma_addr(buf->page) : 0;
}
""",
"""\
dma_addr_t t(struct rx_buf *buf)
{
	return buf->netmem ? page_pool_get_dma_addr_netmem(buf->netmem) : 0;
}
""",
    ),
}
LEFT_ALONE = {
    "frame": """\
dma_addr_t t(struct xdp_frame *frame)
{
	return page_pool_get_dma_addr(virt_to_page(frame->data));
}
""",
    "frag": """\
dma_addr_t t(struct xdp_frame *frame)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_frame(frame);

	return page_pool_get_dma_addr(skb_frag_page(&info->frags[0]));
}
""",
}
REFUSED = {
    "mapped-by-hand": ("rx_buf.page", "own-mapping", """\
dma_addr_t t(struct device *dev, struct rx_buf *buf)
{
	return dma_map_page(dev, buf->page, 0, 64, DMA_FROM_DEVICE);
}
"""),
    "number": ("rx_buf.page", "address", """\
unsigned long t(struct rx_buf *buf)
{
	return (unsigned long)buf->page;
}
"""),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transformed(name: str, tmp_path: Path) -> None:
    check_transformed(tmp_path, *TRANSFORMED[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    check_noop(tmp_path, LEFT_ALONE[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    slot, category, source = REFUSED[name]
    check_refused(tmp_path, source, slot, category)
