# SPDX-License-Identifier: GPL-2.0-only
"""An allocation that is used untested, and tests of every kind."""

from __future__ import annotations

import pytest
from rule_tools import PUT, body, check_found, check_left_alone

FOUND = {
    "no test": (
        "netmem = page_pool_dev_alloc_netmems(rxq->pool);\n"
        "buf->dma = page_pool_get_dma_addr_netmem(netmem);\nbuf->netmem = netmem; return 0;"),
    "the test the wrong way round": (
        "netmem = page_pool_dev_alloc_netmems(rxq->pool); if (netmem) { buf->netmem = netmem;\n"
        "return 0; }\nbuf->dma = page_pool_get_dma_addr_netmem(netmem); return 0;"),
    "no test of a slot": (
        "buf->netmem = page_pool_dev_alloc_netmems(rxq->pool);\n"
        "buf->dma = page_pool_get_dma_addr_netmem(buf->netmem); return 0;"),
}
LEFT_ALONE = {
    "tested against 0": (
        "netmem = page_pool_dev_alloc_netmems(rxq->pool); if (netmem == 0) return 1;\n"
        + PUT + "return 0;"),
    "tested where it is assigned": (
        "if (unlikely(!(netmem = page_pool_dev_alloc_netmems(rxq->pool)))) return 1;\n"
        + PUT + "return 0;"),
    "tested in a chain": (
        "netmem = page_pool_dev_alloc_netmems(rxq->pool);\n"
        "if (netmem && x) { " + PUT + " return 1; }\nif (netmem) " + PUT + "return 0;"),
    "tested after it was stored": (
        "buf->netmem = page_pool_dev_alloc_netmems(rxq->pool); if (!buf->netmem) return 1;\n"
        "buf->dma = page_pool_get_dma_addr_netmem(buf->netmem); return 0;"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("unchecked-alloc", body(FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(body(LEFT_ALONE[name]))
