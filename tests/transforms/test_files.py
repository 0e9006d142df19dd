# SPDX-License-Identifier: GPL-2.0-only
"""Drivers of several files, bytes that are not ASCII, older kernels, code that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import MOVED, PRELUDE, check_refused, compiles, convert

from netmem_migrate.errors import InputError

HEADER = """\
#include "netmem_stub.h"

struct buf {
	struct page *page;
};

struct page *take(struct buf *buf);
void drop(struct page_pool *pool, struct page *page);
"""
ONE = """\
#include "d.h"

static void put(struct page_pool *pool, struct page *page)
{
	page_pool_put_full_page(pool, page, false);
}

void drop(struct page_pool *pool, struct page *page)
{
	put(pool, page);
}
"""
OTHER = """\
#include "d.h"

static void put(struct page *page)
{
	put_page(page);
}

struct page *take(struct buf *buf)
{
	return buf->page;
}

void t(struct page_pool *pool, struct buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	drop(pool, take(buf));
	put(alloc_page(GFP_KERNEL));
}
"""


def test_prototypes_and_static_functions_of_one_name(tmp_path: Path) -> None:
    files = {"d.h": HEADER.encode(), "one.c": ONE.encode(), "other.c": OTHER.encode()}
    migration, after = convert(tmp_path / "d", files)
    assert migration.report.verdict == "would-convert"
    assert b"netmem_ref take(struct buf *buf);" in after["d.h"]
    assert b"void drop(struct page_pool *pool, netmem_ref netmem);" in after["d.h"]
    assert b"static void put(struct page_pool *pool, netmem_ref netmem)" in after["one.c"]
    assert b"static void put(struct page *page)" in after["other.c"]
    compiles(tmp_path / "gcc", after)
    assert not convert(tmp_path / "again", after)[0].changes


def test_one_blocked_file_keeps_the_others(tmp_path: Path) -> None:
    user = (b'#include "d.h"\nvoid *hide(struct buf *buf, struct sk_buff *skb)\n'
            b"{\n\tif (skb)\n\t\treturn skb;\n\treturn buf->page;\n}\n")
    files = {"d.h": HEADER.encode(), "one.c": ONE.encode(), "other.c": OTHER.encode(),
             "user.c": user}
    migration, after = convert(tmp_path / "d", files)
    assert after == files
    assert {one.category for one in migration.report.refusals} == {"void-pointer"}


def test_line_endings_stay(tmp_path: Path) -> None:
    source = PRELUDE + """\
struct more {
	struct page *one, *other;
};

void t(struct more *more, struct ring *ring_with_a_long_name, struct sk_buff *skb)
{
	more->one = page_pool_dev_alloc_pages(ring_with_a_long_name->pool);
	more->other = alloc_page(GFP_KERNEL);
	foreign(more->other);
	skb_add_rx_frag(skb, 0, ring_with_a_long_name->spare, 0, 2048, 4096);
}
"""
    unix, _ = convert(tmp_path / "unix", {"d.c": source.encode()})
    dos, _ = convert(tmp_path / "dos", {"d.c": source.replace("\n", "\r\n").encode()})
    assert dos.changes[0].after == unix.changes[0].after.replace(b"\n", b"\r\n")
    assert b"netmem_ref one;\n\tstruct page *other;\n" in unix.changes[0].after
    assert b"2048,\n\t\t\t       4096);" in unix.changes[0].after


def test_bytes_that_are_not_utf8_stay(tmp_path: Path) -> None:
    tail = b"/* J\xfcrgen's page: buf->page */\n"
    _, after = convert(tmp_path / "d", {"d.c": PRELUDE.encode() + tail})
    assert after["d.c"] == MOVED.encode() + b"/* J\xfcrgen's page: buf->netmem */\n"


def test_no_newline_at_the_end(tmp_path: Path) -> None:
    _, after = convert(tmp_path / "d", {"d.c": PRELUDE.rstrip().encode()})
    assert after["d.c"] == MOVED.rstrip().encode()


def test_record_of_unknown_type(tmp_path: Path) -> None:
    source = """\
#define CURRENT_BUF ((struct rx_buf *)0)

void t(void)
{
	foreign(CURRENT_BUF->page);
}
"""
    check_refused(tmp_path, source, "rx_buf.page", "unresolved")


def test_conditional_in_front_of_a_page_only_use(tmp_path: Path) -> None:
    source = """\
void t(struct rx_buf *buf)
{
#ifdef CONFIG_NEVER_SET
	foreign(buf->page);
#endif
	buf->offset = 0;
}
"""
    check_refused(tmp_path, source, "rx_buf.page", "page-only-use")


@pytest.mark.parametrize("tail", [
    "void t(struct rx_buf *buf)\n{\n\tif (buf->page) {\n",
    "void t(struct rx_buf *buf)\n{\n\tforeign(buf->page",
    "/* the page of buf->page",
], ids=["block", "call", "comment"])
def test_cut_off_file_is_an_error(tail: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cut off|not closed"):
        convert(tmp_path / "d", {"d.c": (PRELUDE + tail).encode()})
    assert (tmp_path / "d" / "d.c").read_text() == PRELUDE + tail


def test_code_that_does_not_parse_is_refused(tmp_path: Path) -> None:
    source = "void t(struct rx_buf *buf)\n{\n\tif (buf->page @ 1 ) = ) foreign(buf->page);\n}\n"
    migration, after = convert(tmp_path / "d", {"d.c": (PRELUDE + source).encode()})
    assert after["d.c"].endswith(source.encode())
    assert b"struct page *page;" in after["d.c"]
    assert {one.slot for one in migration.report.refusals} >= {"rx_buf.page"}
