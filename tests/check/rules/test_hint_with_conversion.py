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


@pytest.mark.parametrize("before", ["page", "pp_page_to_nmdesc(page)", "__pp_page_to_nmdesc(page)"])
def test_a_hint_on_the_descriptor_of_the_netmem_is_the_same(before: str) -> None:
    one = "void t(struct page *page)\n{\n\tprefetchw(%s);\n}\n"
    other = "void t(netmem_ref netmem)\n{\n\tprefetchw(%s);\n}\n"
    assert compare((one % before).encode(), (other % "netmem_to_nmdesc(netmem)").encode(),
                   "d.c") == ()


def test_dropping_a_hint_alone_is_a_patch() -> None:
    after = BEFORE.replace("\tprefetchw(page);\n", "")
    assert compare(BEFORE.encode(), after.encode(), "d.c") == ()
