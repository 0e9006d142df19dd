# SPDX-License-Identifier: GPL-2.0-only
"""A record that keeps the address of a page keeps the page beside it, in a patch before."""

from __future__ import annotations

import pytest
from tools import room_case

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

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
