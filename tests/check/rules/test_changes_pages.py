# SPDX-License-Identifier: GPL-2.0-only
"""What is legal, and happens otherwise for ordinary pages."""

from __future__ import annotations

import pytest
from rule_tools import check_change_found

from netmem_migrate.check.compare.compare import compare

FOUND = {
    "flags": ("GFP_ATOMIC | __GFP_NOWARN", "GFP_KERNEL"),
    "direct": ("netmem, false", "netmem, true"),
    "size": ("&offset, 64", "&offset, 128"),
    "flags left out": (",\n\t\t\t\t\t     GFP_ATOMIC | __GFP_NOWARN", ""),
    "error": ("return -11", "return 0"),
    "result": ("return offset", "return 0"),
    "sync size": ("buf->netmem, 0, true", "buf->netmem, -1, true"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_change_found("changes-pages", *FOUND[name])


BODY = """\
void demo(struct demo_rxq *rxq, struct page *page, dma_addr_t dma, u32 len)
{
	struct page_pool_params pp = { .flags = PP_FLAG_DMA_MAP };

	%s;
	rxq->pool = page_pool_create(&pp);
}
"""


def said(before: str, after: str) -> list[tuple[str, str]]:
    one, other = BODY % before, BODY % after
    found = compare(one.encode(), other.replace(
        "struct page *page", "netmem_ref netmem").encode(), "d.c")
    return [(finding.id, finding.severity) for finding in found]


SYNC = "dma_sync_single_range_for_cpu(rxq->dev, dma, 64, len, DMA_FROM_DEVICE)"
POOL_SYNC = "page_pool_dma_sync_netmem_for_cpu(rxq->pool, netmem, 64, len)"
FRAG = "skb_add_rx_frag(rxq->skb, 0, page, 0, len, PAGE_SIZE)"
NETMEM_FRAG = FRAG.replace("frag(", "frag_netmem(").replace("page,", "netmem,")


@pytest.mark.parametrize(("before", "after"), [
    (SYNC, POOL_SYNC),
    (SYNC.replace("_range", "").replace(" 64,", ""), POOL_SYNC.replace("64", "0")),
    (FRAG, NETMEM_FRAG.replace("PAGE_SIZE", "len")),
    (FRAG, NETMEM_FRAG.replace("0, netmem", "1, netmem")),
    (FRAG, NETMEM_FRAG + ";\n\trxq->len = len"),
    (SYNC, POOL_SYNC + ";\n\t" + POOL_SYNC),
])
def test_another_number_or_sync(before: str, after: str) -> None:
    assert said(before, after) == [("changes-pages", "warning")]


def test_flags_of_a_pool() -> None:
    more = "PP_FLAG_DMA_MAP | PP_FLAG_ALLOW_UNREADABLE_NETMEM"
    found = compare((BODY % "").encode(), (BODY % "").replace(
        "PP_FLAG_DMA_MAP", more).encode(), "d.c")
    assert [(one.id, one.severity) for one in found] == [("changes-pages", "warning")]


@pytest.mark.parametrize(("before", "after"), [
    (FRAG, NETMEM_FRAG.replace("netmem,", "rxq->spare,")),
    (FRAG, NETMEM_FRAG.replace("rxq->skb", "rxq->other")),
    (FRAG, NETMEM_FRAG.replace("len,", "rxq->netmem_off,")),
    (FRAG, f"if (len)\n\t\t{NETMEM_FRAG}"),
    (POOL_SYNC.replace("_netmem", "").replace("netmem", "page"), SYNC),
    (SYNC, SYNC.replace("rxq->dev", "rxq->other")),
])
def test_more_than_that_is_an_error(before: str, after: str) -> None:
    assert "error" in {severity for _, severity in said(before, after)}
