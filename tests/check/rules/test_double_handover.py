# SPDX-License-Identifier: GPL-2.0-only
"""Two frags with one reference, and with two."""

from __future__ import annotations

import pytest
from rule_tools import ALLOC, FRAG, body, check_found, check_left_alone

FOUND = {
    "two frags with one reference": ALLOC + FRAG + FRAG + "return 0;",
}
LEFT_ALONE = {
    "another reference before the second frag": (
        ALLOC + "page_pool_ref_netmem(netmem);\n" + FRAG + FRAG + "return 0;"),
    "one frag of each of two": ALLOC + FRAG + ALLOC + FRAG + "return 0;",
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("double-handover", body(FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(body(LEFT_ALONE[name]))
