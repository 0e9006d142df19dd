# SPDX-License-Identifier: GPL-2.0-only
"""A prefetch that goes with the conversion, or by itself."""

from __future__ import annotations

import pytest
from rule_tools import BEFORE, check_change_found

from netmem_migrate.check.compare.compare import compare

FOUND = {
    "hint": ("\tprefetchw(page);\n", ""),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_change_found("hint-with-conversion", *FOUND[name])


def test_dropping_a_hint_alone_is_a_patch() -> None:
    after = BEFORE.replace("\tprefetchw(page);\n", "")
    assert compare(BEFORE.encode(), after.encode(), "d.c") == ()
