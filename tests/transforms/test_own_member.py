# SPDX-License-Identifier: GPL-2.0-only
"""A record that keeps the address of a page keeps the page beside it, in a patch before."""

from __future__ import annotations

import pytest
from tools import room_case

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

PLAIN, KEPT = room_case("own-member", "plain")
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
