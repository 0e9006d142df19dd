# SPDX-License-Identifier: GPL-2.0-only
"""Facts that the driver read from struct page."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

TRANSFORMED = {
    "node-in-both-orders": (
"""\
bool t(struct rx_buf *buf, int n)
{
	return n == page_to_nid(buf->page) ||
	       page_to_nid(buf->page) != numa_mem_id();
}
""",
"""\
bool t(struct rx_buf *buf, int n)
{
	return netmem_is_pref_nid(buf->netmem, n) ||
	       !netmem_is_pref_nid(buf->netmem, numa_mem_id());
}
""",
    ),
    "node-in-parentheses": (
"""\
bool t(struct rx_buf *buf, int n)
{
	return n + 1 != (page_to_nid(buf->page));
}
""",
"""\
bool t(struct rx_buf *buf, int n)
{
	return !netmem_is_pref_nid(buf->netmem, n + 1);
}
""",
    ),
    "pool": (
"""\
struct page_pool *t(struct rx_buf *buf)
{
	return pp_page_to_nmdesc(buf->page)->pp;
}
""",
"""\
struct page_pool *t(struct rx_buf *buf)
{
	return netmem_get_pp(buf->netmem);
}
""",
    ),
    "count": (
"""\
long t(struct rx_buf *buf)
{
	return atomic_long_read(&pp_page_to_nmdesc(buf->page)->pp_ref_count);
}
""",
"""\
long t(struct rx_buf *buf)
{
	return atomic_long_read(netmem_get_pp_ref_count_ref(buf->netmem));
}
""",
    ),
    "pfmemalloc": (
"""\
bool t(struct rx_buf *buf)
{
	return !page_is_pfmemalloc(buf->page);
}
""",
"""\
bool t(struct rx_buf *buf)
{
	return !netmem_is_pfmemalloc(buf->netmem);
}
""",
    ),
}
LEFT_ALONE = {
    "other-pages": """\
int t(void *data)
{
	return page_to_nid(virt_to_page(data)) == 1;
}
""",
    "pfmemalloc-of-a-frame": """\
bool t(void *data)
{
	return page_is_pfmemalloc(virt_to_head_page(data));
}
""",
}
REFUSED = {
    "two-nodes": ("rx_buf.page", "page-only-use", """\
bool t(struct rx_buf *buf, struct rx_buf *other)
{
	return page_to_nid(buf->page) == page_to_nid(other->page);
}
"""),
    "node-of-what-changes": ("rx_buf.page", "unresolved", """\
bool t(struct rx_buf *buf)
{
	return page_to_nid(buf->page) == (buf->page ? 1 : 2);
}
"""),
    "node-kept": ("rx_buf.page", "page-only-use", """\
int t(struct rx_buf *buf)
{
	return page_to_nid(buf->page);
}
"""),
    "private": ("rx_buf.page", "page-only-use", """\
unsigned long t(struct rx_buf *buf)
{
	return buf->page->private;
}
"""),
    "size": ("rx_buf.page", "page-only-use", """\
size_t t(struct rx_buf *buf)
{
	return sizeof(*buf->page);
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
