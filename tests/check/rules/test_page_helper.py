# SPDX-License-Identifier: GPL-2.0-only
"""Pages made of netmem, asked before or not."""

from __future__ import annotations

import pytest
from rule_tools import body, check_found, check_left_alone

FOUND = {
    "a page of netmem": "use(netmem_to_page(buf->netmem)); return 0;",
}
LEFT_ALONE = {
    "a page, asked before": (
        "if (!netmem_is_net_iov(buf->netmem))\n"
                             "use(netmem_to_page(buf->netmem)); return 0;"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("page-helper", body(FOUND[name]), unreadable=True)


@pytest.mark.parametrize("name", FOUND)
def test_memory_that_is_readable(name: str) -> None:
    check_left_alone(body(FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(body(LEFT_ALONE[name]), unreadable=True)
