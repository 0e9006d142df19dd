# SPDX-License-Identifier: GPL-2.0-only
"""Prefetches of a page's descriptor: dropped before the conversion, or a reason to refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import MOVED, PRELUDE, check_noop, check_refused, check_transformed, convert

from netmem_migrate.results import StepKind

TRANSFORMED = {
    "first-of-a-block": (
"""\
void t(struct rx_buf *buf)
{
	prefetchw(buf->page);

	deliver(page_address(buf->page));
}
""",
"""\
void t(struct rx_buf *buf)
{
	deliver(netmem_address(buf->netmem));
}
""",
    ),
    "last-of-a-block": (
"""\
void t(struct rx_buf *buf)
{
	buf->offset = 0;

	prefetch(buf->page);
}
""",
"""\
void t(struct rx_buf *buf)
{
	buf->offset = 0;
}
""",
    ),
    "local-that-is-read-elsewhere": (
"""\
void t(struct ring *ring)
{
	struct rx_buf *buf = &ring->buf[1];
	struct page *page = buf->page;

	prefetchw(page);
	deliver(page_address(page));
}
""",
"""\
void t(struct ring *ring)
{
	struct rx_buf *buf = &ring->buf[1];
	netmem_ref netmem = buf->netmem;

	deliver(netmem_address(netmem));
}
""",
    ),
    "between-blank-lines": (
"""\
void t(struct rx_buf *buf)
{
	buf->offset = 0;

	net_prefetchw(buf->page);

	deliver(page_address(buf->page));
}
""",
"""\
void t(struct rx_buf *buf)
{
	buf->offset = 0;

	deliver(netmem_address(buf->netmem));
}
""",
    ),
}
LEFT_ALONE = {
    "of-an-address": """\
void t(void *data)
{
	prefetch(data);
}
""",
    "of-another-page": """\
void t(struct page *page)
{
	prefetchw(page);
	foreign(page);
}
""",
    "of-a-descriptor-ring": """\
void t(u32 *ring, int i)
{
	prefetchw(&ring[i]);
}
""",
}
REFUSED = {
    "body-of-a-condition": ("rx_buf.page", "page-only-use", """\
void t(struct rx_buf *buf)
{
	if (buf->offset)
		prefetchw(buf->page);
}
"""),
    "under-a-comment": ("rx_buf.page", "page-only-use", """\
void t(struct rx_buf *buf)
{
	/* The reference count is next. */
	prefetchw(buf->page);
}
"""),
    "beside-other-code": ("rx_buf.page", "page-only-use", """\
void t(struct rx_buf *buf)
{
	prefetchw(buf->page); buf->offset = 0;
}
"""),
    "local-for-nothing-else": ("page", "page-only-use", """\
void t(struct rx_buf *buf)
{
	struct page *page = buf->page;

	prefetchw(page);
	buf->offset = 0;
}
"""),
    "local-that-is-set-for-nothing-else": ("page", "page-only-use", """\
void t(struct rx_buf *buf)
{
	struct page *page;

	page = buf->page;
	prefetch(page);
	prefetchw(page);
}
"""),
    "local-on-the-way-for-nothing-else": ("rx_buf.page", "page-only-use", """\
void t(struct ring *ring)
{
	struct rx_buf *buf = &ring->buf[1];

	prefetchw(buf->page);
}
"""),
    "found-by-a-call": ("next", "page-only-use", """\
static struct page *next(struct ring *ring)
{
	return ring->buf[ring->buf[0].offset++].page;
}

void t(struct ring *ring)
{
	prefetchw(next(ring));
}
"""),
    "counting": ("rx_buf.page", "page-only-use", """\
void t(struct rx_buf *buf)
{
	prefetchw((buf++)->page);
	buf->offset = 0;
}
"""),
    "inside-an-expression": ("rx_buf.page", "page-only-use", """\
void t(struct rx_buf *buf)
{
	buf->offset = (prefetchw(buf->page), 0);
}
"""),
}


# The prelude has no deliver(); a prototype in front of the example is enough.
_DELIVER = "void deliver(void *data);\n\n"


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transformed(name: str, tmp_path: Path) -> None:
    before, after = TRANSFORMED[name]
    check_transformed(tmp_path, _DELIVER + before, _DELIVER + after)


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    check_noop(tmp_path, LEFT_ALONE[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    slot, category, source = REFUSED[name]
    check_refused(tmp_path, source, slot, category)


def test_the_drop_is_a_step_of_its_own(tmp_path: Path) -> None:
    before, after = (_DELIVER + text for text in TRANSFORMED["first-of-a-block"])
    migration, files = convert(tmp_path / "d", {"d.c": (PRELUDE + before).encode()})
    hints, conversion = migration.steps
    assert (hints.kind, conversion.kind) == (StepKind.HINTS, StepKind.CONVERT)
    dropped = before.replace("\tprefetchw(buf->page);\n\n", "")
    assert hints.changes[0].before.decode() == PRELUDE + before
    assert hints.changes[0].after.decode() == PRELUDE + dropped
    assert conversion.changes[0].before == hints.changes[0].after
    assert conversion.changes[0].after.decode() == MOVED + after
    assert files["d.c"] == conversion.changes[0].after


def test_without_a_hint_there_is_one_step(tmp_path: Path) -> None:
    migration, _ = convert(tmp_path / "d", {"d.c": PRELUDE.encode()})
    assert [step.kind for step in migration.steps] == [StepKind.CONVERT]
    assert migration.steps[0].changes == migration.changes
