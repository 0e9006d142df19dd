# SPDX-License-Identifier: GPL-2.0-only
"""Calls with more or fewer arguments than the kernel's prototype has."""

from __future__ import annotations

import pytest
from rule_tools import ALLOC, PUT, body, check_found, check_left_alone, found

FOUND = {
    "too few arguments": "page_pool_put_full_netmem(rxq->pool, buf->netmem); return 0;",
}
LEFT_ALONE = {
    "as many as there are": "page_pool_put_full_netmem(rxq->pool, buf->netmem, false); return 0;",
    "a function that nobody knows": "demo_put(rxq); return 0;",
    "a call of a member": "rxq->put(buf->netmem, 1, 2, 3, 4); return 0;",
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("argument-count", body(FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(body(LEFT_ALONE[name]))


def test_an_older_kernel_has_other_prototypes() -> None:
    code = body("buf->netmem = page_pool_alloc_netmem(rxq->pool, GFP_ATOMIC); return 0;")
    assert found(code, api="6.12") == []
    assert found(code) == ["argument-count"]


def test_arguments_are_not_judged_for_a_kernel_that_is_not_known() -> None:
    code = body(FOUND["too few arguments"])
    assert found(code, api="9.9") == []
    assert found(body(ALLOC + PUT + PUT + "return 0;"), api="9.9") == ["double-release"]


def test_a_driver_function_hides_the_kernel_s() -> None:
    own = "static void page_pool_put_full_netmem(int one)\n{\n}\n"
    assert found(own + body("page_pool_put_full_netmem(3); return 0;")) == []
