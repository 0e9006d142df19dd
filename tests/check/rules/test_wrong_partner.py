# SPDX-License-Identifier: GPL-2.0-only
"""A call that became another one than its netmem form."""

from __future__ import annotations

import pytest
from rule_tools import check_change_found

FOUND = {
    "partner": (
        "page_pool_put_netmem(netmem_get_pp",
        "page_pool_put_unrefed_netmem(netmem_get_pp"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_change_found("wrong-partner", *FOUND[name])
