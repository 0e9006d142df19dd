# SPDX-License-Identifier: GPL-2.0-only
"""Functions, flags and headers that the kernel no longer has."""

from __future__ import annotations

import pytest
from rule_tools import body, check_found, check_left_alone, found

from netmem_migrate.check.sources import check_sources

FLAG = "static const unsigned int demo_flags = PP_FLAG_DMA_MAP | PP_FLAG_PAGE_FRAG;\n"
POOL = body("page_pool_destroy(rxq->pool); return 0;")
FOUND = {
    "a flag": FLAG + POOL,
    "a function": body("page_pool_release_page(rxq->pool, buf->page); return 0;"),
    "a function of frags": body("__skb_frag_set_page(skb_shinfo(skb)->frags, buf->page);\n"
                                "skb_frag_size_set(skb_shinfo(skb)->frags, x); return 0;"),
    "a test of fragments": body("if (page_pool_defrag_page(buf->page, x)) return 1; return 0;"),
    "a function as a callback": body("rxq->unlink = page_pool_unlink_napi; return 0;"),
    "a header": "#include <net/page_pool.h>\n" + POOL,
    "a header inside a guard": "#ifndef DEMO_H\n#define DEMO_H\n#include <net/page_pool.h>\n" + POOL
        + "#endif\n",
}
LEFT_ALONE = {
    "what took its place": body("skb_mark_for_recycle(skb); return 0;"),
    "the header of today": "#include <net/page_pool/helpers.h>\n" + POOL,
    "in an arm that may not be taken": "#ifdef DEMO_OLD\n" + FLAG + "#endif\n" + POOL,
    "what the driver defines itself": "#define PP_FLAG_PAGE_FRAG 0\n" + FLAG + POOL,
    "a function of the driver": "static void page_pool_unlink_napi(struct page_pool *pool)\n"
        "{\n\tpage_pool_disable_direct_recycling(pool);\n}\n"
        + body("page_pool_unlink_napi(rxq->pool); return 0;"),
    "in a comment and in text": "/* PP_FLAG_PAGE_FRAG */\n"
        + body('pr_info("page_pool_release_page"); page_pool_destroy(rxq->pool); return 0;'),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("removed-api", FOUND[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(LEFT_ALONE[name])


def test_it_says_since_when_and_what_to_port_to() -> None:
    code = body("page_pool_release_page(rxq->pool, buf->page); return 0;").encode()
    for api in ("6.12", "7.3"):
        finding, = check_sources({"demo.c": code}, api=api)
        assert finding.message == (f"page_pool_release_page() is gone in {api} (since linux 6.6: "
                                   "port to skb_mark_for_recycle())")
        assert finding.function == "demo"


def test_what_went_later_is_there_before() -> None:
    code = body("page_pool_put_page_bulk(rxq->pool, va, x); return 0;")
    assert found(code, api="6.12") == []
    assert found(code) == ["removed-api"]


def test_nothing_is_said_of_a_kernel_that_is_not_known() -> None:
    assert found(FLAG + POOL, api="9.9") == []
