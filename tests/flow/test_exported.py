# SPDX-License-Identifier: GPL-2.0-only
"""Functions that a driver exports, in a tree where their callers can be found."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import plant

from netmem_migrate.api import migrate
from netmem_migrate.reasons import Why
from netmem_migrate.results import Migration

FOLDER = "drivers/net/demo"
LIBRARY = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>
#include "demo.h"

void demo_put(struct page_pool *pool, struct page *page)
{
	page_pool_put_full_page(pool, page, 1);
}
EXPORT_SYMBOL_GPL(demo_put);
"""
USER = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>
#include "demo.h"

struct demo_buf {
	struct page *page;
};

int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	if (!buf->page)
		return -12;

	return 0;
}

void demo_empty(struct page_pool *pool, struct demo_buf *buf)
{
	demo_put(pool, buf->page);
}
"""
HEADER = "struct page_pool;\nvoid demo_put(struct page_pool *pool, struct page *page);\n"


def run(root: Path, files: dict[str, str]) -> Migration:
    plant(root, {f"{FOLDER}/demo.c": LIBRARY, f"{FOLDER}/user.c": USER,
                 f"{FOLDER}/demo.h": HEADER, **files})
    return migrate([root / FOLDER]).drivers[0]


@pytest.mark.parametrize("other", [
    "void demo_other(void);\n", '#include "../demo/demo.h"\nvoid demo_other(void);\n',
    "void demo_put(int unit);\n"])
def test_it_moves_when_all_callers_do(other: str, kernel_tree: Path) -> None:
    found = run(kernel_tree, {"drivers/net/other/main.c": other})
    after = {change.path: change.after for change in found.changes}
    assert b"demo_put(struct page_pool *pool, netmem_ref netmem)" in after[f"{FOLDER}/demo.h"]
    assert b"page_pool_put_full_netmem(pool, netmem, 1)" in after[f"{FOLDER}/demo.c"]
    assert b"demo_put(pool, buf->netmem);" in after[f"{FOLDER}/user.c"]


def test_it_stays_when_another_folder_calls_it(kernel_tree: Path) -> None:
    found = run(kernel_tree, {"drivers/net/other/main.c": (
        '#include "../demo/demo.h"\nvoid give(struct page_pool *pool, struct page *page)\n{\n'
        "\tdemo_put(pool, page);\n}\n")})
    assert not found.changes
    (refusal,) = [one for one in found.report.refusals if one.category == "exported"]
    assert refusal.reason.why is Why.USED_FUNCTION
    assert (refusal.reason.by, refusal.reason.other) == ("demo_put", "drivers/net/other/main.c:4")


def test_it_stays_without_a_header_to_search_by(kernel_tree: Path) -> None:
    own = "\nvoid demo_put(struct page_pool *pool, struct page *page);\nstruct demo_buf"
    found = run(kernel_tree, {f"{FOLDER}/demo.h": "",
                       f"{FOLDER}/user.c": USER.replace("\nstruct demo_buf", own)})
    assert not found.changes
