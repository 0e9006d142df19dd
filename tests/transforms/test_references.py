# SPDX-License-Identifier: GPL-2.0-only
"""References to pool memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

TRANSFORMED = {
    "pool-references": (
"""\
long t(struct ring *ring)
{
	page_pool_fragment_page(ring->spare, 2);
	page_pool_ref_page(ring->spare);

	return page_pool_unref_page(ring->spare, 1);
}
""",
"""\
long t(struct ring *ring)
{
	page_pool_fragment_netmem(ring->spare, 2);
	page_pool_ref_netmem(ring->spare);

	return page_pool_unref_netmem(ring->spare, 1);
}
""",
    ),
    "plain-references": (
"""\
int t(struct ring *ring)
{
	get_page(ring->spare);
	put_page(ring->buf[0].page);

	return page_ref_count(ring->spare) + page_count(ring->spare);
}
""",
"""\
int t(struct ring *ring)
{
	get_netmem(ring->spare);
	put_netmem(ring->buf[0].netmem);

	return netmem_ref_count(ring->spare) + netmem_ref_count(ring->spare);
}
""",
    ),
}
LEFT_ALONE = {
    "other-pages": """\
void t(void *data)
{
	struct page *page = virt_to_page(data);

	get_page(page);
	foreign(page);
}
""",
    "pages-of-the-caller": """\
void t(struct page *page)
{
	put_page(page);
}
""",
}
REFUSED = {
    "raised-by-hand": ("rx_buf.page", "own-recycling", """\
void t(struct rx_buf *buf)
{
	page_ref_add(buf->page, 1);
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
