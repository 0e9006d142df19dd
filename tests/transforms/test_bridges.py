# SPDX-License-Identifier: GPL-2.0-only
"""Bridges from pages to netmem, and bridges that go."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

TRANSFORMED = {
    "unwrapped": (
"""\
void post(netmem_ref netmem);

void t(struct ring *ring)
{
	post(page_to_netmem(ring->spare));
	post(page_to_netmem(ring->buf[0].page));
}
""",
"""\
void post(netmem_ref netmem);

void t(struct ring *ring)
{
	post(ring->spare);
	post(ring->buf[0].netmem);
}
""",
    ),
    "unwrapped-ternary-keeps-its-meaning": (
"""\
bool t(struct rx_buf *one, struct rx_buf *other, int which)
{
	return !page_to_netmem(which ? one->page : other->page);
}
""",
"""\
bool t(struct rx_buf *one, struct rx_buf *other, int which)
{
	return !(which ? one->netmem : other->netmem);
}
""",
    ),
    "wrapped": (
"""\
void t(struct ring *ring, void *data, bool own)
{
	ring->spare = own ? alloc_page(GFP_KERNEL) : virt_to_page(data);
}
""",
"""\
void t(struct ring *ring, void *data, bool own)
{
	ring->spare = own ? page_to_netmem(alloc_page(GFP_KERNEL)) :
		      virt_to_netmem(data);
}
""",
    ),
    "in-a-loop-that-sets-it": (
"""\
void t(struct ring *ring, int count)
{
	struct page *page;

	while (count--) {
		page = alloc_page(GFP_KERNEL);
		foreign(page);
		ring->spare = page;
	}
}
""",
"""\
void t(struct ring *ring, int count)
{
	struct page *page;

	while (count--) {
		page = alloc_page(GFP_KERNEL);
		foreign(page);
		ring->spare = page_to_netmem(page);
	}
}
""",
    ),
    "undone-where-it-was-netmem": (
"""\
void t(struct ring *ring, netmem_ref netmem)
{
	ring->spare = netmem_to_page(netmem);
}
""",
"""\
void t(struct ring *ring, netmem_ref netmem)
{
	ring->spare = netmem;
}
""",
    ),
    "slot-that-stays": (
"""\
void t(struct ring *ring)
{
	struct page *first = alloc_page(GFP_KERNEL);

	foreign(first);
	ring->spare = first;
}
""",
"""\
void t(struct ring *ring)
{
	struct page *first = alloc_page(GFP_KERNEL);

	foreign(first);
	ring->spare = page_to_netmem(first);
}
""",
    ),
}
LEFT_ALONE = {
    "already-bridged": """\
netmem_ref t(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	foreign(page);

	return page_to_netmem(page);
}
""",
    "already-netmem": """\
netmem_ref t(struct page_pool *pool)
{
	return page_pool_dev_alloc_netmems(pool);
}
""",
    "back-bridge": """\
void t(netmem_ref netmem)
{
	foreign(netmem_to_page(netmem));
}
""",
}
REFUSED = {
    "that-belongs-in-front-of-a-loop": ("first", "mixed-origin", """\
void t(struct ring *ring, int count)
{
	struct page *first = alloc_page(GFP_KERNEL);

	foreign(first);
	while (count--)
		ring->spare = first;
}
"""),
    "no-way-back": ("page", "page-only-use", """\
void t(struct rx_buf *buf)
{
	struct page *page = buf->page;

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
