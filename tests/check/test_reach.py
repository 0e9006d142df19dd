# SPDX-License-Identifier: GPL-2.0-only
"""Where a driver may meet memory that the CPU cannot read, and the calls that lead there."""

from __future__ import annotations

import pytest

from netmem_migrate.check.sources import check_sources
from netmem_migrate.results import Finding

RULES = ("unreadable-address", "raw-dma", "page-helper")
HEAD = """\
struct demo_rxq {
	struct page_pool *pool;
	struct demo_buf *bufs;
	bool split;
};

struct demo_buf {
	netmem_ref netmem;
};

"""
ALWAYS = """\
static void demo_pool(struct demo_rxq *rxq)
{
	struct page_pool_params pp = { .flags = PP_FLAG_DMA_MAP | PP_FLAG_ALLOW_UNREADABLE_NETMEM };

	rxq->pool = page_pool_create(&pp);
}

"""
SOMETIMES = """\
static void demo_pool(struct demo_rxq *rxq)
{
	struct page_pool_params pp = { .flags = PP_FLAG_DMA_MAP };

	if (rxq->split)
		pp.flags |= PP_FLAG_ALLOW_UNREADABLE_NETMEM;
	rxq->pool = page_pool_create(&pp);
}

"""
READ = """\
static void demo_read(struct sk_buff *skb, netmem_ref netmem, u32 len)
{
	skb_put_data(skb, netmem_address(netmem), len);
}

"""
WHOLE = """\
static void demo_whole(struct sk_buff *skb, struct demo_buf *buf, u32 len)
{
	demo_read(skb, buf->netmem, len);
}

"""
# It asks in one branch, and calls in both.
SPLIT = """\
static void demo_split(struct sk_buff *skb, struct demo_buf *buf, u32 len, bool head)
{
	if (head) {
		if (unlikely(netmem_is_net_iov(buf->netmem)))
			return;
		%s
	}
	%s
}

"""
CALL = "demo_read(skb, buf->netmem, len);"


def found(*parts: str) -> list[Finding]:
    return list(check_sources({"demo.c": (HEAD + "".join(parts)).encode()}, only=RULES))


def test_flag_that_is_always_set() -> None:
    assert [one.id for one in found(ALWAYS, READ)] == ["unreadable-address"]
    assert [one.id for one in found(ALWAYS, READ, WHOLE, SPLIT % (CALL, ""))] == [
        "unreadable-address"]


def test_flag_that_nobody_sets() -> None:
    assert found(READ, WHOLE, SPLIT % (CALL, CALL)) == []


def test_flag_under_a_condition_in_a_driver_that_never_asks() -> None:
    assert [one.id for one in found(SOMETIMES, READ)] == ["unreadable-address"]


def test_function_that_nothing_leads_to_from_where_it_is_asked() -> None:
    assert found(SOMETIMES, READ, WHOLE, SPLIT % ("", "")) == []


def test_call_behind_the_answer_that_it_can_be_read() -> None:
    assert found(SOMETIMES, READ, SPLIT % (CALL, "")) == []


def test_call_without_that_answer() -> None:
    (one,) = found(SOMETIMES, READ, SPLIT % ("", CALL))
    lines = (HEAD + SOMETIMES + READ + SPLIT % ("", CALL)).splitlines()
    assert [at.line for at in one.path] == [
        lines.index(next(text for text in lines if "netmem_is_net_iov" in text)) + 1,
        lines.index("\t" + CALL) + 1, one.line]


def test_call_by_way_of_another() -> None:
    (one,) = found(SOMETIMES, READ, WHOLE, SPLIT % ("", "demo_whole(skb, buf, len);"))
    assert [at.text.partition("(")[0] for at in one.path] == [
        "netmem_is_net_iov", "demo_whole", "demo_read", "netmem_address"]


@pytest.mark.parametrize(("question", "wanted"), [
    ("if (skb_frags_readable(skb))\n\t\t", []), ("if (!skb_frags_readable(skb))\n\t\t",
                                                 ["unreadable-address"]),
    ("if (page_pool_is_unreadable(rxq->pool))\n\t\t", ["unreadable-address"]),
    ("if (!page_pool_is_unreadable(rxq->pool))\n\t\t", [])])
def test_each_question(question: str, wanted: list[str]) -> None:
    ask = ("static void demo_ask(struct demo_rxq *rxq, struct sk_buff *skb, struct demo_buf *buf, "
           f"u32 len)\n{{\n\t{question}{CALL}\n}}\n")
    assert [one.id for one in found(SOMETIMES, READ, ask)] == wanted


@pytest.mark.parametrize(("calls", "wanted"), [
    ("demo_read(skb, page_to_netmem(skb->page), len);", []),
    ("demo_read(skb, page_to_netmem(skb->page), len);\n\t" + CALL, ["unreadable-address"]),
    ("demo_read(skb, page_to_netmem(skb->page), len);\n\tdemo_set(demo_read);",
     ["unreadable-address"]),
])
def test_parameter_that_is_a_page_in_each_call(calls: str, wanted: list[str]) -> None:
    caller = ("void demo_copy(struct sk_buff *skb, struct demo_buf *buf, u32 len)\n"
              f"{{\n\t{calls}\n}}\n")
    assert [one.id for one in found(ALWAYS, READ, caller)] == wanted


def test_parameter_of_a_function_that_other_files_can_call() -> None:
    caller = "void demo_copy(struct sk_buff *skb, u32 len)\n{\n\t" \
        "demo_read(skb, page_to_netmem(skb->page), len);\n}\n"
    assert [one.id for one in found(ALWAYS, READ.replace("static ", ""), caller)] == [
        "unreadable-address"]


def test_raw_sync_by_a_call_behind_the_answer() -> None:
    sync = """\
static void demo_read(struct sk_buff *skb, netmem_ref netmem, u32 len)
{
	dma_addr_t dma = page_pool_get_dma_addr_netmem(netmem);

	dma_sync_single_for_cpu(skb->dev, dma, len, DMA_FROM_DEVICE);
}

"""
    assert found(SOMETIMES, sync, SPLIT % (CALL, "")) == []
    assert [one.id for one in found(SOMETIMES, sync, SPLIT % ("", CALL))] == ["raw-dma"]
