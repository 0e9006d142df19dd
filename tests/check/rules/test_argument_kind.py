# SPDX-License-Identifier: GPL-2.0-only
"""Pages, netmem and other things where each other is wanted."""

from __future__ import annotations

import pytest
from rule_tools import body, check_found, check_left_alone, found

FOUND = {
    "a page for a netmem": "page_pool_put_full_netmem(rxq->pool, buf->page, false); return 0;",
    "a netmem for a page": "page_pool_put_full_page(rxq->pool, buf->netmem, false); return 0;",
    "a page kept as netmem": "buf->netmem = page_pool_dev_alloc_pages(rxq->pool); return 0;",
    "page_to_netmem() of a netmem": "buf->netmem = page_to_netmem(buf->netmem); return 0;",
    "a page's address asked of netmem": "va = page_address(buf->netmem); return 0;",
    "a page's reference taken of netmem": "get_page(rxq->bufs[x].netmem); return 0;",
    "a page's node asked of netmem": "return page_to_nid(netmem) == numa_mem_id();",
    "a macro for pages on netmem": "va = page_to_virt(buf->netmem); return 0;",
}
LEFT_ALONE = {
    "right kinds": (
        "page_pool_put_full_page(rxq->pool, buf->page, false);\n"
        "buf->netmem = page_to_netmem(buf->page); return 0;"),
    "a kind that is not in sight": (
        "page_pool_put_full_netmem(rxq->pool, x ? buf->page : 0, false); return 0;"),
    "pages asked as pages": (
        "va = page_address(buf->page); get_page(buf->page); return page_to_nid(buf->page);"),
    "a page asked of what nobody knows": (
        "va = page_address(demo_page(rxq)); put_page(rxq->unknown); return 0;"),
    "the node of a number": "return page_to_nid(x);",
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("argument-kind", body(FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(body(LEFT_ALONE[name]))


def test_pool_and_memory_swapped() -> None:
    code = "page_pool_put_full_netmem(buf->netmem, rxq->pool, false); return 0;"
    assert found(body(code)) == ["argument-kind"] * 2
