# SPDX-License-Identifier: GPL-2.0-only
"""A prototype or a call that does not fit the function, in what a change leaves behind."""

from __future__ import annotations

import pytest
from half_tools import check_half, check_whole

FOUND = {
    "the prototype is left": ("static void put(struct demo_ring *ring, netmem_ref netmem);",
                              "static void put(struct demo_ring *ring, struct page *page);"),
    "its result": ("static netmem_ref take(struct demo_ring *ring);",
                   "static struct page *take(struct demo_ring *ring);"),
    "an argument more": ("static void drop(struct demo_ring *ring)\n",
                         "static void drop(struct demo_ring *ring, int budget)\n"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_half("prototype-differs", *FOUND[name])


@pytest.mark.parametrize(("right", "also"), [
    ("static void put(struct demo_ring *ring, netmem_ref netmem);",
     "static void put(struct demo_ring *it, netmem_ref it_too);"),
    ("ring->spare = NULL;", "unknown(ring, 1, 2, 3);"),
])
def test_left_alone(right: str, also: str) -> None:
    check_whole(right, also)
