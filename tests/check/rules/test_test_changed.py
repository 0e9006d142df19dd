# SPDX-License-Identifier: GPL-2.0-only
"""A condition that a change turns round."""

from __future__ import annotations

import pytest
from rule_tools import check_change_found

FOUND = {
    "test": ("if (!netmem)", "if (netmem)"),
    "node test": ("!netmem_is_pref_nid", "netmem_is_pref_nid"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_change_found("test-changed", *FOUND[name])
