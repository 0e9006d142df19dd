# SPDX-License-Identifier: GPL-2.0-only
"""A record that keeps the address of a page keeps the page beside it, in a patch before."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import plant, room_case

from netmem_migrate.api import check_changes, migrate
from netmem_migrate.results import FileChange, Migration

PLAIN, KEPT = room_case("own-member", "plain")
ADDRESSES, PAGES = room_case("own-member", "an-array-of-addresses")
SUMS, BESIDE = room_case("own-member", "an-array-of-sums")
FAULTS = {
    "a store left out": ("\te->page = page;\n", ""),
    "set elsewhere": ("\te->page = page;\n\te->dma", "\te->dma"),
    "another page": ("\te->page = page;\n", "\te->page = virt_to_page(e);\n"),
    "set too late": ("\te->page = page;\n\te->dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;\n",
                     "\te->dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;\n\te->page = page;\n"),
    "one read of another": ("full_page(pool, e->page", "full_page(pool, e[1].page"),
    "something else, too": ("+ NET_SKB_PAD;\n\treturn 0;", "+ NET_SKB_PAD;\n\treturn 1;"),
    "a release less": ("\tpage_pool_put_full_page(pool, e->page, false);\n", ""),
}


@pytest.mark.parametrize("name", FAULTS)
def test_check_takes_no_fault_for_it(name: str) -> None:
    right = FileChange("d.c", PLAIN.encode(), KEPT.encode())
    assert [one.severity for one in check_changes([right], "7.3")] == ["note"]
    old, new = FAULTS[name]
    assert old in KEPT
    wrong = FileChange("d.c", right.before, KEPT.replace(old, new).encode())
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}


INSTEAD = {
    "a store left out": ("\t*rx_page = page;\n", ""),
    "the page where the address is read": ("page_address(ring->rx_page[i])", "ring->rx_page[i]"),
    "the address of another": ("page_address(ring->rx_page[i])",
                               "page_address(ring->rx_page[i + 1])"),
    "another slot": ("&ring->rx_page[i]", "&ring->rx_page[0]"),
    "an address where the page is": ("*rx_page = page;", "*rx_page = page_address(page);"),
    "one use of the address": ("ring->rx_page[i] = NULL;", "ring->bufs[i] = NULL;"),
    "a test of another": ("!ring->rx_page[i]", "!ring->dma[i]"),
    "a release less": ("\t\tpage_pool_put_full_page(ring->pool,\n\t\t\t\t\tring->rx_page[i],\n"
                       "\t\t\t\t\tfalse);\n", ""),
    "all of them set": ("memset(ring->rx_page, 0,", "memset(ring->rx_page, 1,"),
}


@pytest.mark.parametrize("name", INSTEAD)
def test_check_takes_no_fault_for_a_page_instead_of_its_address(name: str) -> None:
    right = FileChange("d.c", ADDRESSES.encode(), PAGES.encode())
    assert [one.severity for one in check_changes([right], "7.3")] == ["note"]
    old, new = INSTEAD[name]
    assert old in PAGES
    wrong = FileChange("d.c", right.before, PAGES.replace(old, new).encode())
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}


ARRAYS = {
    "a store left out": ("\tring->page[i] = page;\n", ""),
    "another slot": ("ring->page[i] = page;", "ring->page[i + 1] = page;"),
    "read of another": ("page = ring->page[i];", "page = ring->page[0];"),
    "fewer than there are": ("struct page *page[DEMO_RING];", "struct page *page[8];"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_check_takes_no_fault_for_an_array_beside_another(name: str) -> None:
    right = FileChange("d.c", SUMS.encode(), BESIDE.encode())
    assert [one.severity for one in check_changes([right], "7.3")] == ["note"]
    old, new = ARRAYS[name]
    assert old in BESIDE
    wrong = FileChange("d.c", right.before, BESIDE.replace(old, new).encode())
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}


HEADER = """\
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEMO_H
#define DEMO_H
#include "netmem_stub.h"

/**
 * struct demo_entry - one buffer of a ring
 * @buf: address of it
 * @dma: where the device does
 */
struct demo_entry {
	void *buf;
	dma_addr_t dma;
};

static inline void demo_forget(void **buf)
{
	*buf = NULL;
}

#endif
"""
FIRST = """\
#include "demo.h"

int demo_fill(struct page_pool *pool, struct demo_entry *e)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return -ENOMEM;

	e->buf = page_address(page);
	e->dma = page_pool_get_dma_addr(page);
	return 0;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	struct page *page = virt_to_head_page(e->buf);

	skb_add_rx_frag(skb, 0, page, 0, len, PAGE_SIZE);
	demo_forget(&e->buf);
}
"""
OTHERS = {
    "nothing of it": ("e->dma = 0;", True),
    "an initialiser that does not name it": (
        "struct demo_entry n = { va, 0 };\n\n\t*e = n;", False),
    "a call of what is given it": ("demo_forget(&va);\n\te->dma = 0;", False),
}


def converted(folder: Path, files: dict[str, str]) -> Migration:
    run = migrate([plant(folder, files)], api="7.3", prepare=True)
    assert not run.stopped
    return run.drivers[0]


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_that_does_not_name_the_member_counts(name: str, tmp_path: Path) -> None:
    body, is_made = OTHERS[name]
    other = ('#include "demo.h"\n\nvoid demo_reset(struct demo_entry *e, void *va)\n'
             f"{{\n\t{body}\n}}\n")
    migration = converted(tmp_path / "d", {"demo.h": HEADER, "d.c": FIRST, "other.c": other})
    rooms = [one.room for one in migration.steps if one.room is not None]
    assert bool(rooms) is is_made


def test_another_record_of_another_file_is_none(tmp_path: Path) -> None:
    # In the same place of the file, and by the same name.
    header = HEADER.replace("#endif", "struct demo_tx {\n\tvoid *buf;\n};\n\n#endif")
    other = '#include "demo.h"\n\nint demo_sent(struct demo_tx *e)\n{\n\treturn !e->buf;\n}\n'
    assert FIRST.index("int demo_fill") == other.index("int demo_sent")
    migration = converted(tmp_path / "d", {"demo.h": header, "d.c": FIRST.replace(
        "\tdemo_forget(&e->buf);\n", "").replace("void demo_frag", "int demo_frag").replace(
        "len, PAGE_SIZE);\n", "len, PAGE_SIZE);\n\treturn 0;\n"), "other.c": other})
    assert [one.room.kind for one in migration.steps if one.room] == ["instead"]


def test_kernel_doc_in_a_header_is_found(tmp_path: Path) -> None:
    migration = converted(tmp_path / "d", {"demo.h": HEADER, "d.c": FIRST})
    header = next(one.after.decode() for one in migration.steps[0].changes
                  if one.path.endswith("demo.h"))
    assert " * @page: page of the buffer\n * @dma:" in header
    assert "@buf" not in header


def test_check_takes_no_global_for_the_parameter() -> None:
    declared = "void *buf;\n\nstatic int demo_get("
    before = ADDRESSES.replace("static int demo_get(", declared)
    after = PAGES.replace("static int demo_get(", declared)
    right = FileChange("d.c", before.encode(), after.encode())
    assert [one.severity for one in check_changes([right], "7.3")] == ["note"]
    wrong = FileChange("d.c", before.encode(),
                       after.replace("*rx_page = page;", "*buf = page_address(page);").encode())
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}
