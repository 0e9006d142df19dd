# SPDX-License-Identifier: GPL-2.0-only
"""A name that nothing declares, in what a change leaves behind."""

from __future__ import annotations

import pytest
from half_tools import check_half, check_whole

FOUND = {
    "a parameter has its old name": ("void put(struct demo_ring *ring, netmem_ref netmem)",
                                     "void put(struct demo_ring *ring, netmem_ref page)"),
    "a use has it": ("page_pool_put_full_netmem(ring->pool, netmem, false);",
                     "page_pool_put_full_netmem(ring->pool, page, false);"),
    "the declaration is gone": ("\tnetmem_ref *all = ring->all;\n", "\tall = ring->all;\n"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_half("undeclared", *FOUND[name])


@pytest.mark.parametrize(("right", "also"), [
    # What a macro declares, takes for a member, or pastes.
    ("\tnetmem_ref *all = ring->all;\n", "\tDEMO_ONSTACK(all);\n"),
    ("\tnetmem_ref *all = ring->all;\n", "\tfor_each_demo_scoped(ring, all)\n"),
    ("ring->spare = NULL;", "ring = container_of(va, struct demo_ring, page);"),
    ("ring->spare = NULL;", "DEMO_SET(ring, page);"),
    ("ring->spare = NULL;", "somewhere_else = 0;"),
    # A function of the kernel that the model does not have.
    ("ring->spare = NULL;", "keep_netmem(buf->netmem);"),
])
def test_left_alone(right: str, also: str) -> None:
    check_whole(right, also)
