# SPDX-License-Identifier: GPL-2.0-only
"""NULL in all positions."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

TRANSFORMED = {
    "in-a-cast-of-arms": (
"""\
void t(struct ring *ring, struct rx_buf *buf)
{
	ring->spare = (void *)(buf->page ?: NULL);
	ring->spare = (struct page *)(buf->page ? ring->spare : NULL);
}
""",
"""\
void t(struct ring *ring, struct rx_buf *buf)
{
	ring->spare = (buf->netmem ?: 0);
	ring->spare = (buf->netmem ? ring->spare : 0);
}
"""),
    "tests": (
"""\
int t(struct ring *ring)
{
	struct page *page = NULL;
	bool set = NULL != ring->spare;

	while ((page = page_pool_dev_alloc_pages(ring->pool)) == NULL)
		;
	ring->spare = page;
	for (; ring->spare != NULL; ring->spare = NULL)
		set = page == NULL || (page != NULL && set);

	return page != NULL ? set : (page == NULL) + 2;
}
""",
"""\
int t(struct ring *ring)
{
	netmem_ref netmem = 0;
	bool set = !!ring->spare;

	while (!(netmem = page_pool_dev_alloc_netmems(ring->pool)))
		;
	ring->spare = netmem;
	for (; ring->spare; ring->spare = 0)
		set = !netmem || (netmem && set);

	return netmem ? set : (!netmem) + 2;
}
""",
    ),
    "returned-and-passed": (
"""\
static struct page *take(struct ring *ring, struct page *other)
{
	if (!other)
		return NULL;

	return ring->pool ? NULL : other;
}

void t(struct ring *ring)
{
	ring->spare = take(ring, NULL);
	ring->buf[0].page = ring->buf[1].page = NULL;
}
""",
"""\
static netmem_ref take(struct ring *ring, netmem_ref other)
{
	if (!other)
		return 0;

	return ring->pool ? 0 : other;
}

void t(struct ring *ring)
{
	ring->spare = take(ring, 0);
	ring->buf[0].netmem = ring->buf[1].netmem = 0;
}
""",
    ),
    "initialisers": (
"""\
static struct rx_buf fixed[2] = { { NULL, 1 }, { .page = NULL } };

void t(struct ring *ring)
{
	struct ring other = {
		.buf = { [0] = { .page = NULL }, },
		.buf[1].page = NULL,
		.pool = ring->pool,
		NULL,
	};
	struct rx_buf buf = { 0 };

	buf.page = other.spare;
	*ring = other;
	ring->buf[0] = (struct rx_buf){ NULL, 2 };
	fill(ring->pool, &fixed[0], GFP_KERNEL);
	fill(ring->pool, &buf, GFP_KERNEL);
}
""",
"""\
static struct rx_buf fixed[2] = { { 0, 1 }, { .netmem = 0 } };

void t(struct ring *ring)
{
	struct ring other = {
		.buf = { [0] = { .netmem = 0 }, },
		.buf[1].netmem = 0,
		.pool = ring->pool,
		0,
	};
	struct rx_buf buf = { 0 };

	buf.netmem = other.spare;
	*ring = other;
	ring->buf[0] = (struct rx_buf){ 0, 2 };
	fill(ring->pool, &fixed[0], GFP_KERNEL);
	fill(ring->pool, &buf, GFP_KERNEL);
}
""",
    ),
    "zero": (
"""\
void t(struct rx_buf *buf)
{
	if (buf->page != 0)
		buf->page = 0;
}
""",
"""\
void t(struct rx_buf *buf)
{
	if (buf->netmem != 0)
		buf->netmem = 0;
}
""",
    ),
}
LEFT_ALONE = {
    "cursor": """\
void t(struct rx_buf *first)
{
	struct rx_buf *buf = NULL;

	if (buf == NULL)
		buf = first;
	memset(buf, 0, sizeof(*buf));
}
""",
    "pages-of-the-system": """\
bool t(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (page == NULL)
		return false;
	foreign(page);

	return page != NULL;
}
""",
}
REFUSED = {
    "literal": ("rx_buf.page", "unresolved", """\
void t(struct rx_buf *buf)
{
	buf->page = ((struct page *){ NULL });
}
"""),
    "literal-array": ("rx_buf.page", "unresolved", """\
void t(struct rx_buf *buf, struct page *page)
{
	buf->page = ((struct page *[]){ page, NULL })[1];
}
"""),
    "cast": ("rx_buf.page", "void-pointer", """\
void t(struct rx_buf *buf)
{
	buf->page = (struct page *)NULL;
}
"""),
    "compared-with-a-page-that-stays": ("page", "page-only-use", """\
bool t(struct rx_buf *buf, struct page *other)
{
	struct page *page = buf->page;

	if (page != other)
		foreign(page);

	return page == NULL;
}
"""),
    "given-to-a-macro-by-name": ("rx_buf.page", "unresolved", """\
#define CLEAR(b, member) ((b)->member = NULL)

void t(struct rx_buf *buf)
{
	CLEAR(buf, page);
}
"""),
    "as-a-truth-value": ("rx_buf.page", "address", """\
bool t(struct rx_buf *buf)
{
	return buf->page;
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
