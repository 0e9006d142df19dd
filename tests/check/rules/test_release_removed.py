# SPDX-License-Identifier: GPL-2.0-only
"""A put that a change loses."""

from __future__ import annotations

import pytest
from rule_tools import check_change_found

FOUND = {
    "release gone": ("\t\tpage_pool_put_full_netmem(pool, netmem, false);\n", ""),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_change_found("release-removed", *FOUND[name])
