# SPDX-License-Identifier: GPL-2.0-only
"""Syncs for the CPU of the address that the pool gave for netmem, and other syncs."""

from __future__ import annotations

import pytest
from rule_tools import body, check_found, check_left_alone

FOUND = {
    "raw sync": (
        "dma_addr_t dma = page_pool_get_dma_addr_netmem(buf->netmem);\n"
                 "dma_sync_single_for_cpu(rxq->dev, dma + 2, x, 0); return 0;"),
}
LEFT_ALONE = {
    "sync of another address": "dma_sync_single_for_cpu(rxq->dev, buf->dma, x, 0); return 0;",
    "the pool's sync": (
        "page_pool_dma_sync_netmem_for_cpu(rxq->pool, buf->netmem, 0, x); return 0;"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("raw-dma", body(FOUND[name]), unreadable=True)


@pytest.mark.parametrize("name", FOUND)
def test_memory_that_is_readable(name: str) -> None:
    check_left_alone(body(FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(body(LEFT_ALONE[name]), unreadable=True)
