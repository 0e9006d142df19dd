# SPDX-License-Identifier: GPL-2.0-only
"""Parameters of a pool that fit together, and that do not."""

from __future__ import annotations

import pytest
from rule_tools import check_found, check_left_alone, found

BOTH = "PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV"
UNREADABLE = "PP_FLAG_ALLOW_UNREADABLE_NETMEM"

# What a struct page_pool_params is set to.
FOUND = {
    "sync without a length": f".flags = {BOTH}, .dev = d",
    "sync without map": ".flags = PP_FLAG_DMA_SYNC_DEV, .dev = d, .max_len = 4096",
    "map without a device": ".flags = PP_FLAG_DMA_MAP",
    "unreadable without map and sync": f".flags = {UNREADABLE}, .netdev = n, .queue_idx = 1",
}
LEFT_ALONE = {
    "map and sync": f".flags = {BOTH}, .dev = d, .max_len = 4096",
    "map": ".flags = PP_FLAG_DMA_MAP, .dev = d",
    "nothing": ".flags = 0",
    "what a macro names": ".flags = DEMO_FLAGS",
    "unreadable with all that it needs": (
        f".flags = {BOTH} | {UNREADABLE}, .dev = d, .max_len = 4096, .netdev = n, .queue_idx = 1"),
}


def making(fields: str) -> str:
    """A function that makes a pool."""
    return (f"struct page_pool *make(struct device *d, struct net_device *n)\n{{\n"
            f"\tstruct page_pool_params params = {{ {fields} }};\n\n"
            "\treturn page_pool_create(&params);\n}\n")


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("pool-params", making(FOUND[name]))


@pytest.mark.parametrize("name", FOUND)
def test_somebody_else_may_have_set_the_rest(name: str) -> None:
    check_left_alone(making(FOUND[name]).replace("return", "demo_fill(&params);\n\treturn"))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(making(LEFT_ALONE[name]))


def test_unreadable_without_a_queue() -> None:
    fields = f".flags = {BOTH} | {UNREADABLE}, .dev = d, .max_len = 4096"
    assert found(making(fields)) == ["pool-params"] * 2


def test_parameters_that_are_assigned() -> None:
    code = ("struct page_pool *make(struct device *d)\n{\n\tstruct page_pool_params p = { 0 };\n\n"
            "\tp.dev = d;\n\tp.flags = PP_FLAG_DMA_MAP;\n\tp.flags |= PP_FLAG_DMA_SYNC_DEV;\n"
            "\treturn page_pool_create(&p);\n}\n")
    check_found("pool-params", code)
    check_left_alone(code.replace("p.dev = d;", "p.dev = d;\n\tp.max_len = PAGE_SIZE;"))
