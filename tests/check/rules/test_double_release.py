# SPDX-License-Identifier: GPL-2.0-only
"""Two puts of one reference, and two puts of two."""

from __future__ import annotations

import pytest
from rule_tools import ALLOC, PUT, body, check_found, check_left_alone

FOUND = {
    "put twice": ALLOC + PUT + PUT + "return 0;",
    "put twice by two names": (
        ALLOC + "other = netmem;\n" + PUT
        + "page_pool_put_full_netmem(rxq->pool, other, false); return 0;"),
    "put twice on one path only": ALLOC + "if (x) " + PUT + PUT + "return 0;",
    "a slot put twice": (
        "page_pool_put_full_netmem(rxq->pool, buf->netmem, false);\n"
        "page_pool_put_full_netmem(rxq->pool, buf->netmem, false); return 0;"),
}
GET = "get_page(buf->page);\n"
DROP = "page_pool_put_full_page(rxq->pool, buf->page, false);\n"
# As many puts as there are references; one more is found.
FOUND |= {
    "one reference taken, three given back": GET + DROP + "put_page(buf->page);\n" + DROP
        + "return 0;",
    "taken on one path only": "if (x) " + GET + DROP + DROP + "return 0;",
    "a reference of another page": "get_page(rxq->bufs[x].page);\n" + DROP + DROP + "return 0;",
    "two taken of an allocation, four given back": ALLOC + "page_pool_ref_netmem(netmem);\n" * 2
        + PUT * 4 + "return 0;",
}
LEFT_ALONE = {
    "a reference that was taken": GET + DROP + "put_page(buf->page); return 0;",
    "taken by page_ref_inc()": "page_ref_inc(buf->page);\n" + DROP + "put_page(buf->page); "
        "return 0;",
    "taken by page_pool_ref_page()": "page_pool_ref_page(buf->page);\n" + DROP + DROP
        + "return 0;",
    "two taken": GET + GET + DROP + "put_page(buf->page);\nput_page(buf->page); return 0;",
    "taken by number": "page_ref_add(buf->page, x);\n" + DROP + DROP + "return 0;",
    "taken of an allocation": ALLOC + "page_pool_ref_netmem(netmem);\n" + PUT + PUT + "return 0;",
    "taken in each turn": "for (x = 0; x < 9; x++) {\n" + GET + DROP + "}\nreturn 0;",
    "read between two puts": GET + DROP + "va = page_address(buf->page);\nput_page(buf->page);\n"
        "return va != NULL;",
    "taken, then handed over and put": GET + "skb_add_rx_frag(skb, 0, buf->page, 0, x, PAGE_SIZE);"
        "\n" + DROP + "return 0;",
    "cleared between two puts": (
        "page_pool_put_full_netmem(rxq->pool, buf->netmem, false);\nbuf->netmem = refill(rxq);\n"
        "page_pool_put_full_netmem(rxq->pool, buf->netmem, false); return 0;"),
    "one put a turn": (
        "for (x = 0; x < rxq->count; x++)\n"
        "page_pool_put_full_netmem(rxq->pool, rxq->bufs[x].netmem, false);\nreturn 0;"),
    "one put a reference": (
        "while (x--)\npage_pool_put_full_netmem(rxq->pool, buf->netmem, false);\nreturn 0;"),
    "given to unknown code, then put": ALLOC + "if (demo_post(rxq, netmem)) " + PUT + "return 0;",
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("double-release", body(FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(body(LEFT_ALONE[name]))
