# SPDX-License-Identifier: GPL-2.0-only
"""A page, a pointer or NULL that meets netmem, in what a change leaves behind."""

from __future__ import annotations

import pytest
from half_tools import check_half, check_whole

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

FOUND = {
    "NULL is stored": ("buf->netmem = 0;", "buf->netmem = NULL;"),
    "NULL is compared": ("if (!buf->netmem)", "if (buf->netmem == NULL)"),
    "NULL is given": ("put(ring, 0);", "put(ring, NULL);"),
    "NULL is returned": ("return 0; /* none */", "return NULL; /* none */"),
    "a page is returned": ("return ring->bufs[0].netmem;",
                           "return netmem_to_page(ring->bufs[0].netmem);"),
    "a page is given": ("put(ring, virt_to_netmem(va));", "put(ring, virt_to_page(va));"),
    "netmem becomes a page": ("netmem_ref old = buf->netmem;", "struct page *old = buf->netmem;"),
    "netmem has a member": ("netmem_get_pp(buf->netmem)", "buf->netmem->pp"),
    "a pointer to pages": ("netmem_ref *all = ring->all;", "struct page **all = ring->all;"),
    "one arm of a choice": ("netmem_ref one = on ? buf->netmem : 0;",
                            "netmem_ref one = on ? buf->netmem : NULL;"),
    "NULL for a number": ("buf->netmem = 0;", "buf->netmem = 0; on = NULL;"),
    "NULL in sums": ("buf->netmem = 0;", "buf->netmem = 0; on = on + NULL;"),
    "a member of an initialiser": (".netmem = 0,", ".netmem = NULL,"),
    "outside of any function": ("{ .buf = { .netmem = 0 } }", "{ .buf = { .netmem = NULL } }"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_half("half-converted", *FOUND[name])


@pytest.mark.parametrize(("right", "also"), [
    ("buf->netmem = 0;", "buf->netmem = (netmem_ref)0;"),
    ("if (!buf->netmem)", "if (buf->netmem == 0)"),
    ("ring->spare = NULL;", "ring->spare = netmem_to_page(buf->netmem);"),
    ("ring->spare = NULL;", "unknown_t *it = unknown(buf->netmem);"),
])
def test_left_alone(right: str, also: str) -> None:
    check_whole(right, also)


@pytest.mark.parametrize(("value", "wanted"), [("NULL", ["half-converted"] * 2), ("0", [])])
def test_numbers_of_a_pool(value: str, wanted: list[str]) -> None:
    code = ("static struct page_pool *demo(struct device *dev)\n{\n"
            "\tstruct page_pool_params pp = { .order = %s, .dev = NULL };\n\n"
            "\tpp.offset = %s;\n\tpp.napi = NULL;\n\treturn page_pool_create(&pp);\n}\n")
    found = check_changes([FileChange("d.c", (code % ("0", "0")).encode(),
                                      (code % (value, value)).encode())], "7.3")
    assert [one.id for one in found if one.id == "half-converted"] == wanted
