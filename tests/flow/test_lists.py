# SPDX-License-Identifier: GPL-2.0-only
"""A list of pages that comes from where nobody looks: it stays one, with all that it goes to."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import compiles, convert

DRIVER = """\
#include "netmem_stub.h"

#define SAME(x) x

struct el {
	struct page *pages[4];
	struct page_pool *pool;
};

void *unknown(void *of);

static int store(struct el *el, struct page *pages[])
{
	int i;

	for (i = 0; i < 4; i++) {
		pages[i] = el->pages[i];
		el->pages[i] = page_pool_dev_alloc_pages(el->pool);
	}
	return 0;
}

void handle(struct el *el)
{
	struct page *pages[4];

	store(el, GIVEN);
	page_pool_put_full_page(el->pool, pages[0], false);
}
"""


def _converted(folder: Path, given: str) -> bytes:
    _, after = convert(folder, {"d.c": DRIVER.replace("GIVEN", given).encode()})
    compiles(folder / "gcc", after)
    return after["d.c"]


@pytest.mark.parametrize("given", ["SAME(pages)", "unknown(pages)", "unknown(el)",
                                   "(struct page **)unknown(el)", "page_address(el->pages[0])"])
def test_what_is_not_followed_keeps_it(given: str, tmp_path: Path) -> None:
    assert b"struct page *pages[])" in _converted(tmp_path, given)


@pytest.mark.parametrize("given", ["pages", "(pages)", "&pages[0]",
                                   "kcalloc(4, sizeof(struct page *), GFP_KERNEL)"])
def test_what_is_followed_moves(given: str, tmp_path: Path) -> None:
    after = _converted(tmp_path, given)
    assert b"netmem_ref netmems[])" in after and b"sizeof(struct page *)" not in after


FIXED = """\
#include "netmem_stub.h"

struct el {
	struct page *page;
	struct page_pool *pool;
};

%s

void fill(struct el *el)
{
	el->page = page_pool_dev_alloc_pages(el->pool);
	%s
}
"""


def _left(folder: Path, before: str, inside: str) -> bytes:
    _, after = convert(folder, {"d.c": (FIXED % (before, inside)).encode()})
    compiles(folder / "gcc", after, "-Wno-init-self")
    return after["d.c"]


def test_a_pointer_to_the_member_that_finds_its_container(tmp_path: Path) -> None:
    """The kernel's container_of() wants a pointer to the member's very type."""
    found = "struct el *of(struct page **at)\n{\n\treturn container_of(at, struct el, page);\n}"
    assert b"\tstruct page *page;" in _left(tmp_path / "own", found, "")
    # By an address of no type it is found whatever the member is.
    found = found.replace("struct page **at", "void *at")
    assert b"container_of(at, struct el, netmem)" in _left(tmp_path / "any", found, "")


@pytest.mark.parametrize("inside", [
    "{ struct page *p = el->page; { __typeof__(p) p = 0; put_page(p); } }",
    "{ struct page *p = el->page; { typeof(p) q = p; put_page(q); } }",
])
def test_a_type_that_is_that_of_a_name(inside: str, tmp_path: Path) -> None:
    after = _left(tmp_path, "", inside)
    assert b"struct page *p = el->" in after and b"typeof(p)" in after.replace(b"__", b"")
