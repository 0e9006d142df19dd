# SPDX-License-Identifier: GPL-2.0-only
"""A put of what an skb has already."""

from __future__ import annotations

import pytest
from rule_tools import ALLOC, FRAG, PUT, body, check_found, check_left_alone

FOUND = {
    "put after the skb has it": ALLOC + FRAG + PUT + "return 0;",
    "a slot put after the skb has it": (
        "skb_add_rx_frag_netmem(skb, 0, buf->netmem, 0, x, PAGE_SIZE);\n"
        "page_pool_put_full_netmem(rxq->pool, buf->netmem, false); return 0;"),
}
LEFT_ALONE = {
    "another reference before the put": (
        ALLOC + "page_pool_ref_netmem(netmem);\n" + FRAG + PUT + "return 0;"),
    "put where the skb did not get it": ALLOC + "if (x) " + FRAG + "else " + PUT + "return 0;",
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("put-after-handover", body(FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(body(LEFT_ALONE[name]))
