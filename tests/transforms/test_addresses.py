# SPDX-License-Identifier: GPL-2.0-only
"""Addresses of pool memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

TRANSFORMED = {
    "address-and-offset": (
"""\
void *t(struct rx_buf *buf)
{
	prefetch(page_address(buf->page));

	return page_address(buf->page) + buf->offset;
}
""",
"""\
void *t(struct rx_buf *buf)
{
	prefetch(netmem_address(buf->netmem));

	return netmem_address(buf->netmem) + buf->offset;
}
""",
    ),
    "either-name": (
"""\
void *t(struct ring *ring)
{
	return ring->pool ? page_to_virt(ring->spare) :
			    page_address(compound_head(ring->spare));
}
""",
"""\
void *t(struct ring *ring)
{
	return ring->pool ? netmem_address(ring->spare) :
			    netmem_address(netmem_compound_head(ring->spare));
}
""",
    ),
}
LEFT_ALONE = {
    "other-pages": """\
void *t(void)
{
	return page_address(alloc_page(GFP_KERNEL));
}
""",
    "xdp-frame": """\
void *t(struct xdp_frame *frame)
{
	return page_address(virt_to_head_page(frame->data));
}
""",
}
REFUSED = {
    "mapped": ("rx_buf.page", "page-only-use", """\
void *t(struct rx_buf *buf)
{
	return kmap_local_page(buf->page);
}
"""),
    "typeof": ("rx_buf.page", "unresolved", """\
void t(struct rx_buf *buf)
{
	__auto_type page = buf->page;

	foreign(page);
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
