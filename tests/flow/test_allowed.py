# SPDX-License-Identifier: GPL-2.0-only
"""P1 to P7: what a pool lacks before it may have memory that the CPU cannot read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import CORPUS

from netmem_migrate.api import migrate
from netmem_migrate.reasons import Why
from netmem_migrate.results import Allowed, Part, Standing

CASES = CORPUS / "rooms/unreadable"
DRIVER = (CASES / "all-but-the-hardware/before.c").read_text()
PARAMS = "struct page_pool_params params = {"
FLAGS = "\t\t.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,\n"
HEAD = "\tskb_put_data(skb, ring->heads + i * 64, 64);\n"
SYNC = "\tpage_pool_dma_sync_for_cpu(ring->pool, buf->page, 0, len);\n"
QUEUES = "\tnetdev->queue_mgmt_ops = &demo_queue_ops;\n"
CREATE = "\tring->pool = page_pool_create(&params);\n"
NOT_MET = [
    ("P1", Standing.UNMET, Why.POOL_NO_SPLIT, "demo_ethtool_ops = {", (
        ("\tkernel->tcp_data_split = ETHTOOL_TCP_DATA_SPLIT_ENABLED;\n", ""),
        ("\t.supported_ring_params = ETHTOOL_RING_USE_TCP_DATA_SPLIT,\n", ""))),
    ("P1", Standing.UNMET, Why.POOL_NO_SPLIT, ".supported_ring_params", (
        ("\tkernel->tcp_data_split = ETHTOOL_TCP_DATA_SPLIT_ENABLED;\n", ""),)),
    ("P2", Standing.UNMET, Why.POOL_NO_QUEUES, "netdev->ethtool_ops = ", ((QUEUES, ""),)),
    ("P2", Standing.CONDITIONAL, Why.POOL_QUEUES_IF, "netdev->queue_mgmt_ops = ", (
        (QUEUES, "\tif (ring->index)\n\t" + QUEUES),)),
    ("P3", Standing.UNMET, Why.POOL_NOT_TOLD, "page_pool_create(&", (
        ("\t\t.netdev = ring->netdev,\n", ""),)),
    ("P3", Standing.UNMET, Why.POOL_NOT_TOLD, "page_pool_create(&", (
        ("\t\t.queue_idx = ring->index,\n", ""),)),
    ("P3", Standing.UNMET, Why.POOL_NOT_TOLD, "page_pool_create(&", (
        (".netdev = ring->netdev,", ".netdev = NULL,"),)),
    ("P3", Standing.CONDITIONAL, Why.POOL_TOLD_IF, ".netdev = ring->index", (
        (".netdev = ring->netdev,", ".netdev = ring->index ? ring->netdev : NULL,"),)),
    ("P3", Standing.CONDITIONAL, Why.POOL_TOLD_IF, "params.queue_idx", (
        ("\t\t.queue_idx = ring->index,\n", ""),
        (CREATE, "\tif (ring->index)\n\t\tparams.queue_idx = ring->index;\n" + CREATE))),
    ("P4", Standing.UNMET, Why.POOL_LACKS, "page_pool_create(&", (
        ("PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV", "PP_FLAG_DMA_MAP"),)),
    ("P4", Standing.UNMET, Why.POOL_LACKS, "page_pool_create(&", (
        ("\t\t.max_len = PAGE_SIZE,\n", ""),)),
    ("P4", Standing.CONDITIONAL, Why.POOL_HAS_IF, "params.max_len", (
        ("\t\t.max_len = PAGE_SIZE,\n", ""),
        (CREATE, "\tif (ring->index)\n\t\tparams.max_len = PAGE_SIZE;\n" + CREATE))),
    ("P5", Standing.UNMET, Why.POOL_HEADS, "skb_put_data(", (
        (HEAD, "\tskb_put_data(skb, page_address(buf->page), 64);\n"),)),
    ("P5", Standing.UNMET, Why.POOL_HEADS, "napi_build_skb(", (
        (HEAD, "\tskb = napi_build_skb(page_address(buf->page), PAGE_SIZE);\n"),)),
    ("P5", Standing.UNKNOWN, Why.POOL_HEADS_COPIED, "skb_put_data(", ()),
    ("P5", Standing.UNKNOWN, Why.POOL_HEADS_UNSEEN, "", ((HEAD, ""),)),
    ("P5", Standing.UNKNOWN, Why.POOL_HEADS_BESIDE, "ring->pool = page_pool_create(", (
        (HEAD, ""), ("\tchar *heads;\n", "\tchar *heads;\n\tstruct page_pool *others;\n"),
        (CREATE, CREATE + CREATE.replace("pool =", "others =")))),
    ("P6", Standing.UNMET, Why.POOL_RAW_SYNC, "dma_sync_single_for_cpu(", (
        (SYNC, "\tdma_sync_single_for_cpu(ring->dev, page_pool_get_dma_addr(buf->page), len,\n"
               "\t\t\t\tDMA_FROM_DEVICE);\n"),)),
    ("P6", Standing.UNKNOWN, Why.POOL_NO_SYNC, "", ((SYNC, ""),)),
    ("P6", Standing.UNMET, Why.POOL_DEVICE_SYNC, "dma_sync_single_for_device(", (
        ("\t*desc = ", "\tdma_sync_single_for_device(ring->dev, page_pool_get_dma_addr(buf->page),"
         " 64,\n\t\t\t\t   DMA_FROM_DEVICE);\n\t*desc = "),)),
    ("P6", Standing.UNMET, Why.POOL_READS, "prefix(page_address(", (
        (SYNC, SYNC + "\tprefix(page_address(buf->page));\n"),)),
    ("P6", Standing.UNMET, Why.POOL_COUNTS, "page_ref_dec(", (
        ("\t*desc = ", "\tpage_ref_dec(buf->page);\n\t*desc = "),)),
    ("P7", Standing.UNMET, Why.POOL_ORDER, ".order = 2", ((".order = 0,", ".order = 2,"),)),
    ("P7", Standing.UNMET, Why.POOL_ORDER, ".order = DEMO_ORDER", (
        (".order = 0,", ".order = DEMO_ORDER,"),
        ("struct demo_buf {", "#define DEMO_ORDER 3\n\nstruct demo_buf {"))),
    ("P7", Standing.UNKNOWN, Why.POOL_ORDER_UNSEEN, ".order = ring->index", (
        (".order = 0,", ".order = ring->index,"),)),
]
MET = [
    ("P1", ()), ("P2", ()), ("P3", ()), ("P4", ()), ("P6", ()), ("P7", ()),
    ("P3", (("\t\t.queue_idx = ring->index,\n", ""),
            (CREATE, "\tparams.queue_idx = ring->index;\n" + CREATE))),
    ("P4", ((FLAGS, "\t\t.flags = DEMO_FLAGS,\n"), (
        "struct demo_buf {", "#define DEMO_FLAGS (PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV)\n\n"
                             "struct demo_buf {"))),
    ("P6", ((SYNC, SYNC + "\tprefetch(page_address(buf->page));\n"),)),
    ("P7", ((".order = 0,", ".order = DEMO_ORDER,"),
            ("struct demo_buf {", "#define DEMO_ORDER 0\n\nstruct demo_buf {"))),
    ("P7", (("\t\t.order = 0,\n", ""),)),
]
HELPERS = """\
static void demo_params(struct demo_ring *ring, struct page_pool_params *given)
{
	given->max_len = ring->index ? PAGE_SIZE : 64;
	given->queue_idx = ring->index;
}

static void demo_other(struct demo_ring *ring, struct page_pool_params *given)
{
	given->max_len = PAGE_SIZE;
	given->queue_idx = 0;
}

static int demo_create("""
BARE = (("\t\t.max_len = PAGE_SIZE,\n", ""), ("\t\t.queue_idx = ring->index,\n", ""))


def changed(pairs: tuple[tuple[str, str], ...]) -> str:
    text = DRIVER
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def judged(folder: Path, text: str) -> dict[str, Allowed]:
    (folder / "d.c").write_text(text)
    pool, *_ = migrate([folder], api="7.3").drivers[0].report.pools
    assert [one.id for one in pool.allowed] == [f"P{number}" for number in range(1, 8)]
    return {one.id: one for one in pool.allowed}


def lines(part: Part) -> list[int]:
    return [one.line for one in part.places]


@pytest.mark.parametrize(("id", "status", "why", "at", "pairs"), NOT_MET)
def test_what_is_missing_is_named_with_its_place(
        id: str, status: Standing, why: Why, at: str, pairs: tuple[tuple[str, str], ...],
        tmp_path: Path) -> None:
    text = changed(pairs)
    found = judged(tmp_path, text)
    assert found[id].status is status
    (part,) = [one for one in found[id].parts if one.reason.why is why]
    assert part.status is status and part.reason.slot == "demo_create()"
    line = text[:text.index(at)].count("\n") + 1 if at else 0
    assert (line in lines(part)) if at else not part.places
    assert not at or part.reason.line == lines(part)[0]
    # Nothing else is missing than before, but what stands for the same.
    other = {one.id for one in found.values() if one.status is Standing.UNMET} - {id}
    assert other <= ({"P6"} if why is Why.POOL_HEADS else set())


@pytest.mark.parametrize(("id", "pairs"), MET)
def test_what_holds_has_no_part(id: str, pairs: tuple[tuple[str, str], ...],
                                tmp_path: Path) -> None:
    found = judged(tmp_path, changed(pairs))[id]
    assert (found.status, found.parts) == (Standing.MET, ())


def test_where_headers_go_is_never_met(tmp_path: Path) -> None:
    for path in sorted(CASES.glob("*/before.c")):
        found = judged(tmp_path, path.read_text())["P5"]
        assert found.status in (Standing.UNMET, Standing.UNKNOWN) and found.parts


def test_a_function_that_gets_the_parameters_counts(tmp_path: Path) -> None:
    text = changed((*BARE, ("static int demo_create(", HELPERS),
                    (CREATE, "\tdemo_params(ring, &params);\n" + CREATE)))
    found = judged(tmp_path, text)
    assert found["P3"].status is found["P4"].status is Standing.MET


def test_two_arms_count_as_one_way(tmp_path: Path) -> None:
    arms = "\tif (ring->index)\n\t\tdemo_params(ring, &params);\n"
    both = arms + "\telse\n\t\tdemo_other(ring, &params);\n"
    base = (*BARE, ("static int demo_create(", HELPERS))
    found = judged(tmp_path, changed((*base, (CREATE, both + CREATE))))
    assert found["P3"].status is found["P4"].status is Standing.MET
    found = judged(tmp_path, changed((*base, (CREATE, arms + CREATE))))
    assert found["P3"].status is found["P4"].status is Standing.CONDITIONAL


def test_parameters_that_nobody_sees_are_not_missing(tmp_path: Path) -> None:
    text = changed((*BARE, ("\t\t.order = 0,\n", ""),
                    (CREATE, "\tdemo_given(ring, &params);\n" + CREATE)))
    found = judged(tmp_path, text)
    assert [found[id].status for id in ("P3", "P4", "P7")] == [Standing.UNKNOWN] * 3
    assert [one.reason.why for id in ("P3", "P4", "P7") for one in found[id].parts] == [
        Why.POOL_TOLD_UNSEEN, Why.POOL_HAS_UNSEEN, Why.POOL_ORDER_ELSEWHERE]


def test_a_pool_that_no_device_writes_to(tmp_path: Path) -> None:
    text = changed(((FLAGS, ""), (SYNC, ""),
                    ("\t*desc = cpu_to_le64(page_pool_get_dma_addr(buf->page));\n", "")))
    found = judged(tmp_path, text)
    assert found["P5"].status is found["P6"].status is Standing.NOT_APPLICABLE
    assert found["P4"].status is Standing.UNMET


def test_a_head_of_other_memory_is_not_that_of_what_is_not_followed(tmp_path: Path) -> None:
    text = changed((("\tchar *heads;\n", "\tchar *heads;\n\tchar *given;\n"),
                    (HEAD, HEAD.replace("heads", "given"))))
    (part,) = judged(tmp_path, text)["P5"].parts
    assert part.reason.why is Why.POOL_HEADS_UNSEEN


def test_a_copy_of_another_length_is_none_of_other_memory(tmp_path: Path) -> None:
    text = changed((("\tchar *heads;\n", "\tchar *heads;\n\tchar *given;\n\tu32 *sizes;\n"),
                    (CREATE, "\tring->sizes = kmalloc(64, GFP_KERNEL);\n" + CREATE),
                    (HEAD, "\tskb_put_data(skb, ring->given, *ring->sizes);\n")))
    (part,) = judged(tmp_path, text)["P5"].parts
    assert part.reason.why is Why.POOL_HEADS_UNSEEN


def test_memory_that_may_be_the_pool_s_is_no_other(tmp_path: Path) -> None:
    set_ = "\n\tif (ring->index)\n\t\tring->heads = page_address(buf->page);\n"
    test = "\tif (!buf->page)\n\t\treturn -ENOMEM;\n"
    text = changed(((test, test + set_),))
    assert Why.POOL_HEADS_COPIED not in {
        one.reason.why for one in judged(tmp_path, text)["P5"].parts}


def test_a_pool_of_the_same_parameters_is_judged_by_them(tmp_path: Path) -> None:
    text = changed((("\tchar *heads;\n", "\tchar *heads;\n\tstruct page_pool *others;\n"),
                    ("\t\t.queue_idx = ring->index,\n", ""),
                    (CREATE, CREATE + CREATE.replace("pool =", "others ="))))
    (tmp_path / "d.c").write_text(text)
    pools = migrate([tmp_path], api="7.3").drivers[0].report.pools
    assert [[part.reason.why for part in pool.allowed[2].parts] for pool in pools] == [
        [Why.POOL_NOT_TOLD]] * 2


def test_a_page_that_is_allocated_for_heads_is_other_memory(tmp_path: Path) -> None:
    text = changed((("kmalloc(PAGE_SIZE, GFP_KERNEL)",
                     "page_address(alloc_page(GFP_KERNEL)) + 64"),))
    (part,) = judged(tmp_path, text)["P5"].parts
    assert part.reason.why is Why.POOL_HEADS_COPIED


def test_a_local_that_may_come_from_anywhere_is_no_other_memory(tmp_path: Path) -> None:
    text = changed((("struct sk_buff *skb, u32 len)\n{\n", "struct sk_buff *skb, u32 len)\n{\n"
                     "\tchar *from = demo_token(ring) ? demo_given(i) : ring->heads;\n"),
                    (HEAD, "\tskb_put_data(skb, from, 64);\n")))
    assert Why.POOL_HEADS_COPIED not in {
        one.reason.why for one in judged(tmp_path, text)["P5"].parts}


def test_a_member_that_is_set_to_what_is_not_followed_is_no_other_memory(tmp_path: Path) -> None:
    set_ = "\tring->heads = kmalloc(PAGE_SIZE, GFP_KERNEL);\n"
    text = changed(((set_, set_ + "\tif (ring->index)\n\t\tring->heads = demo_given(1);\n"),))
    assert Why.POOL_HEADS_COPIED not in {
        one.reason.why for one in judged(tmp_path, text)["P5"].parts}


def test_a_copy_to_something_else_than_a_packet_is_of_no_head(tmp_path: Path) -> None:
    text = changed(((HEAD, "\tmemcpy(ring->heads + 64, ring->heads, 64);\n"),))
    assert Why.POOL_HEADS_COPIED not in {
        one.reason.why for one in judged(tmp_path, text)["P5"].parts}
    text = changed(((HEAD, "\tmemcpy(skb->data, ring->heads, 64);\n"),))
    assert Why.POOL_HEADS_COPIED in {
        one.reason.why for one in judged(tmp_path, text)["P5"].parts}
