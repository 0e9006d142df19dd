# SPDX-License-Identifier: GPL-2.0-only
"""The address of memory that may be unreadable: tested, asked about, or just used."""

from __future__ import annotations

import pytest
from rule_tools import body, check_found, check_left_alone

FOUND = {
    "an offset": "va = netmem_address(buf->netmem) + buf->offset; return *(u8 *)va;",
    "read without a test": "va = netmem_address(buf->netmem); memcpy(skb, va, x); return 0;",
}
LEFT_ALONE = {
    "tested": (
        "va = netmem_address(buf->netmem); if (!va) return 1;\n"
               "memcpy(skb, va, x); return 0;"),
    "only kept": "buf->va = netmem_address(buf->netmem); return 0;",
    "only prefetched": "net_prefetch(netmem_address(buf->netmem)); return 0;",
    "asked before": (
        "if (netmem_is_net_iov(buf->netmem)) return 1;\n"
                     "va = netmem_address(buf->netmem) + 1; use(va); return 0;"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("unreadable-address", body(FOUND[name]), unreadable=True)


@pytest.mark.parametrize("name", FOUND)
def test_memory_that_is_readable(name: str) -> None:
    check_left_alone(body(FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(body(LEFT_ALONE[name]), unreadable=True)
