# SPDX-License-Identifier: GPL-2.0-only
"""A page call that is left on netmem."""

from __future__ import annotations

import pytest
from rule_tools import check_change_found

FOUND = {
    "call left": (
        "page_pool_put_full_netmem(pool, netmem",
        "page_pool_put_full_page(pool, netmem"),
    "call left, in an array": (
        "\tbuf->netmem = 0;",
        "\tpage_address(pool->netmems[pool->index]);\n\tbuf->netmem = 0;"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_change_found("missed-call", *FOUND[name])
