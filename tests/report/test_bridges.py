# SPDX-License-Identifier: GPL-2.0-only
"""Each bridge that a conversion writes is counted, with its place: no more, no fewer."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tools import CORPUS, PRELUDE, convert, run

from netmem_migrate.reasons import Why
from netmem_migrate.report import wording
from netmem_migrate.results import Migration

LEND = """\
void lend(struct rx_buf *buf)
{
	buf->page = alloc_page(GFP_KERNEL);
}
"""
PART = """\
int look(struct ring *ring)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	if (!page || page_count(page) > foreign_number(page))
		return -ENOMEM;
	ring->buf[0].page = page;
	ring->buf[1].page = page;
	return 0;
}

void *show(struct ring *ring)
{
	return napi_build_skb(page_address(ring->buf[0].page), PAGE_SIZE);
}
"""
WRITTEN = re.compile(rb"\b(?:page_to_netmem|virt_to_netmem)\(")


def written(before: dict[str, bytes], after: dict[str, bytes]) -> int:
    return sum(len(WRITTEN.findall(after[name])) - len(WRITTEN.findall(before[name]))
               for name in before)


def counted(migration: Migration, before: dict[str, bytes], after: dict[str, bytes]) -> None:
    bridges = migration.report.bridges
    assert len(bridges) == written(before, after)
    for one in bridges:
        assert one.reason and 0 < one.line <= before[one.file].count(b"\n")


@pytest.mark.parametrize(("text", "number"), [
    ("", 0), (LEND, 1), (PART, 2), (LEND + "\n" + PART, 3),
    ("void back(struct rx_buf *buf, void *va)\n{\n\tbuf->page = virt_to_page(va);\n}\n", 1),
    ("void both(struct ring *ring, struct rx_buf *buf)\n{\n\tbuf->page = ring->pool ? "
     "alloc_page(GFP_KERNEL) :\n\t\tdev_alloc_page();\n}\n", 2),
])
def test_as_many_as_are_written(text: str, number: int, tmp_path: Path) -> None:
    before = {"d.c": (PRELUDE + text).encode()}
    migration, after = convert(tmp_path, before)
    assert len(migration.report.bridges) == number
    counted(migration, before, after)


@pytest.mark.parametrize("folder", sorted(CORPUS.glob("[0-9]*")), ids=lambda one: one.name)
def test_as_many_as_are_written_in_the_corpus(folder: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.glob("before*.[ch]")}
    migration, after = convert(tmp_path, before)
    counted(migration, before, after)


def test_every_face_tells_the_same(tmp_path: Path) -> None:
    (tmp_path / "d.c").write_text(PRELUDE + LEND)
    line = (PRELUDE + LEND).split("alloc_page(GFP")[0].count("\n") + 1
    done = run("diff", "--api", "7.3", tmp_path, "--report", tmp_path / "r.json")
    assert ", 1 bridged, " in done.stderr
    assert f"bridged page_to_netmem(): alloc_page() gives a page (d.c:{line})" in done.stderr
    driver, = json.loads((tmp_path / "r.json").read_text())["drivers"]
    assert driver["bridges"] == [{"file": "d.c", "line": line, "text": "page_to_netmem()",
                                  "reason": "alloc_page() gives a page"}]


def test_what_is_done_behind_the_bridge_does_not_keep_the_page(tmp_path: Path) -> None:
    migration, _ = convert(tmp_path, {"d.c": (PRELUDE + PART).encode()})
    site = next(one for one in migration.report.sites if one.call == "page_pool_dev_alloc_pages")
    assert "foreign_number()" in wording.site(site)
    assert "napi_build_skb" not in wording.site(site)
    assert site.reason is not None and Why.HOST_READS not in [one.why for one in site.reason.chain]


def test_calls_behind_a_macro_are_refused_by_its_name(tmp_path: Path) -> None:
    text = """\
#include "netmem_stub.h"
#define take(pool) page_pool_dev_alloc_pages(pool)
#define give(pool, page) do { \\
	page_pool_put_full_page(pool, page, false); \\
	page_pool_recycle_direct(pool, page); \\
} while (0)
struct rx_buf { struct page *page; };
void fill(struct page_pool *pool, struct rx_buf *buf) { buf->page = take(pool); }
void drop(struct page_pool *pool, struct rx_buf *buf) { give(pool, buf->page); }
"""
    (tmp_path / "d.c").write_text(text)
    done = run("diff", "--api", "7.3", tmp_path)
    assert done.exit_code == 3 and not done.stdout and "nothing to do" not in done.stderr
    for line, name in ((2, "take"), (3, "give")):
        told = re.findall(rf"refused d\.c:{line}: {name} calls .* \[macro\]", done.stderr)
        assert len(told) == 1, done.stderr
    assert done.stderr.count("page_pool_recycle_direct()") == 2  # kept, and an origin


def test_no_allocation_is_said_and_the_call_named_once(tmp_path: Path) -> None:
    text = PRELUDE.partition("int fill")[0] + """\
void drop(struct page_pool *pool, struct rx_buf *buf)
{
	page_pool_put_full_page(pool, buf->page, false);
}
"""
    (tmp_path / "d.c").write_text(text)
    done = run("diff", "--api", "7.3", tmp_path)
    assert done.exit_code == 3
    refused, = (one for one in done.stderr.splitlines() if " refused d.c" in one)
    assert refused.count("page_pool_put_full_page()") == 1
    assert "that no file given allocates from a pool" in refused
    assert "type cannot be followed" not in done.stderr
