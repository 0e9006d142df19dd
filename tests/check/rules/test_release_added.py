# SPDX-License-Identifier: GPL-2.0-only
"""A put that a change brings."""

from __future__ import annotations

import pytest
from rule_tools import check_change_found

FOUND = {
    "release twice": ("\tbuf->netmem = 0;", "\tbuf->netmem = 0;\n\tput_netmem(buf->netmem);"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_change_found("release-added", *FOUND[name])
