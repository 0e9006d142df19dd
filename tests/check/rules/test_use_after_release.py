# SPDX-License-Identifier: GPL-2.0-only
"""Memory that is used after the put."""

from __future__ import annotations

import pytest
from rule_tools import ALLOC, PUT, body, check_found, check_left_alone

FOUND = {
    "used after the put": ALLOC + PUT + "va = netmem_address(netmem); return 0;",
    "returned after the put": ALLOC + PUT + "return netmem;",
    "an address used after the put": (
        ALLOC + "va = netmem_address(netmem);\n" + PUT + "return *(u8 *)va;"),
}
LEFT_ALONE = {
    "used before the put": ALLOC + "va = netmem_address(netmem); use(va);\n" + PUT + "return 0;",
    "another memory in the same variable": (
        ALLOC + PUT + ALLOC + "va = netmem_address(netmem); use(va);\n" + PUT + "return 0;"),
    "given away and read back": (
        ALLOC + PUT + "netmem = demo_next(rxq); va = netmem_address(netmem); return 0;"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("use-after-release", body(FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(body(LEFT_ALONE[name]))
