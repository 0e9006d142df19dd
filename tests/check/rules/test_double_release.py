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
LEFT_ALONE = {
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
