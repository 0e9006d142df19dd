# SPDX-License-Identifier: GPL-2.0-only
"""Memory that is lost on some path, and memory that is not."""

from __future__ import annotations

import pytest
from rule_tools import ALLOC, FRAG, PUT, body, check_found, check_left_alone, found

FOUND = {
    "its physical address is only looked at": ALLOC + "x = page_to_pfn(netmem); return 0;",
    "lost at the end": ALLOC + "return 0;",
    "lost on an error path": ALLOC + "if (x) return -EIO;\n" + PUT + "return 0;",
    "lost by a goto past the put": (
        ALLOC + "if (x) goto out;\nbuf->netmem = netmem; return 0;\nput:\n" + PUT
        + "out:\n return -EIO;"),
    "lost in one case of a switch": (
        ALLOC + "switch (x) { case 1: " + PUT + " break; case 2: break; default: buf->netmem = "
        "netmem; }\nreturn 0;"),
    "lost where the test says so twice": (
        ALLOC + "if (netmem != 0 && x) return 1;\n" + PUT + "return 0;"),
}
LEFT_ALONE = {
    "kept by its physical address": ALLOC + "buf->dma = page_to_phys(netmem); return 0;",
    "kept in a list": ALLOC + "list_add(&netmem->lru, &rxq->list); return 0;",
    "given back by its cleanup": (
        "netmem_ref mine __free(demo_put) = page_pool_dev_alloc_netmems(rxq->pool);\n"
        "if (!mine) return -ENOMEM;\nif (x) return -EIO;\n"
        "buf->netmem = no_free_ptr(mine); return 0;"),
    "a path that is not built": ALLOC + "if (x) BUILD_BUG();\n" + PUT + "return 0;",
    "a path that ends": ALLOC + "if (x) { do_exit(0); return 0; }\n" + PUT + "return 0;",
    "released": ALLOC + PUT + "return 0;",
    "stored": ALLOC + "buf->netmem = netmem; return 0;",
    "stored through a pointer": ALLOC + "*out = netmem; return 0;",
    "returned": ALLOC + "return netmem;",
    "handed over": ALLOC + FRAG + "return 0;",
    "handed over on one path, put on the other": (
        ALLOC + "if (x) " + FRAG + " else " + PUT + "return 0;"),
    "two tests of one condition": (
        "if (x) { " + ALLOC + " }\nother = 0; if (x) " + PUT + "return 0;"),
    "an error code decides": (
        ALLOC + "if (demo_full(rxq)) { err = -EIO; goto out; }\nbuf->netmem = netmem;\nout:\n"
        "if (err) " + PUT + "return err;"),
    "given to unknown code": ALLOC + "demo_post(rxq, netmem); return 0;",
    "kept in an initialiser": (
        ALLOC + "struct demo_buf b = { .netmem = netmem }; use(&b); return 0;"),
    "its address is given away": (
        "netmem = page_pool_dev_alloc_netmems(rxq->pool); keep(&netmem); return 0;"),
    "the DMA address goes to the caller": (
        ALLOC + "*dma = page_pool_get_dma_addr_netmem(netmem) + x; return 0;"),
    "an XDP buffer has its address": (
        ALLOC + "xdp_prepare_buff(&xdp, netmem_address(netmem), 0, x, false);\n"
        "return demo_run(rxq, &xdp);"),
    "a path that never returns": ALLOC + "if (x) BUG();\n" + PUT + "return 0;",
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("leak", body(FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(body(LEFT_ALONE[name]))


def test_overwritten_in_a_loop() -> None:
    turn = "netmem = page_pool_dev_alloc_netmems(rxq->pool); if (!netmem) break;"
    assert found(body(f"while (x--) {{ {turn} }}\nreturn 0;")) == ["leak"] * 2


@pytest.mark.parametrize(("head", "leaks"), [
    ("static void __noreturn demo_die(int x);\n", False),
    ("static __attribute__((noreturn)) void demo_die(int x);\n", False),
    ("void demo_die(int x) __noreturn;\n", False),
    ("static void demo_die(int x);\n", True),
])
def test_a_function_that_never_returns_ends_a_path(head: str, leaks: bool) -> None:
    code = head + body(ALLOC + "if (x) { demo_die(x); return 0; }\n" + PUT + "return 0;")
    assert found(code) == (["leak"] if leaks else [])


def test_one_very_long_word() -> None:
    """Nothing looks for its end from each of its letters: that would take half an hour."""
    assert found(body(ALLOC + PUT + "return 0; /* */ " + "x" * 300000 + ";")) == []
