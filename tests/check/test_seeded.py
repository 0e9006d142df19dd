# SPDX-License-Identifier: GPL-2.0-only
"""Faults seeded to measure `check`: that they are what they say, and that it finds them."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from real.seed_faults import KINDS, Fault, seed
from real.seed_judge import Said, measure, table
from real.seed_subjects import Subject, own

from netmem_migrate.results import FileChange

DRIVER = b"""
static struct page_pool *demo_pool(struct device *dev)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.dev = dev,
	};

	return page_pool_create(&params);
}

static int demo_fill(struct demo_rxq *rxq, struct demo_buf *buf)
{
	netmem_ref netmem;

	netmem = page_pool_dev_alloc_netmems(rxq->pool);
	if (unlikely(!netmem))
		return -ENOMEM;

	if (demo_post(rxq, netmem))
		goto put;
	page_pool_ref_netmem(netmem);
	buf->netmem = netmem;
	return 0;

put:
	page_pool_put_full_netmem(rxq->pool, netmem, false);
out:
	return -EIO;
}

static void demo_rx(struct demo_rxq *rxq, struct demo_buf *buf, struct sk_buff *skb, u32 len)
{
	void *va = netmem_address(buf->netmem);

	page_pool_dma_sync_netmem_for_cpu(rxq->pool, buf->netmem, buf->offset, len);
	skb_put_data(skb, va, len);
	skb_add_rx_frag_netmem(skb, 0, buf->netmem, buf->offset, len, PAGE_SIZE);
	skb_mark_for_recycle(skb);
	buf->netmem = 0;
}

static void demo_free(struct demo_rxq *rxq)
{
	u32 i;

	for (i = 0; i < rxq->count; i++)
		page_pool_put_netmem(rxq->pool, rxq->bufs[i].netmem, -1, true);
}
"""

WRITES = {
    "release removed": [";"],
    "release doubled": ["page_pool_put_full_netmem(rxq->pool, netmem, false); "
                        "page_pool_put_full_netmem(rxq->pool, netmem, false);"],
    "early return before release": ["{ if (net_ratelimit()) return; page_pool_put_netmem("
                                    "rxq->pool, rxq->bufs[i].netmem, -1, true); }"],
    "goto skips the release": ["goto out;"],
    "unreferenced put instead of a put": [
        "page_pool_put_unrefed_netmem(rxq->pool, netmem, -1, false);",
        "page_pool_put_unrefed_netmem(rxq->pool, rxq->bufs[i].netmem, -1, true);"],
    "put_netmem() instead of the pool's put": ["put_netmem(netmem);"],
    "allow_direct changed": ["page_pool_put_full_netmem(rxq->pool, netmem, true);"],
    "synced size changed": ["page_pool_put_netmem(rxq->pool, rxq->bufs[i].netmem, 0, true);"],
    "pool and memory swapped": ["page_pool_put_full_netmem(netmem, rxq->pool, false);"],
    "frag's offset and size swapped": [
        "skb_add_rx_frag_netmem(skb, 0, buf->netmem, len, buf->offset, PAGE_SIZE);"],
    "sync's offset and size swapped": [
        "page_pool_dma_sync_netmem_for_cpu(rxq->pool, buf->netmem, len, buf->offset);"],
    "NULL test dropped": [";"],
    "NULL test inverted": ["if (unlikely(netmem))"],
    "failure returned as success": ["return 0;"],
    "CPU sync dropped": [";"],
    "put after the skb got it": [
        "skb_add_rx_frag_netmem(skb, 0, buf->netmem, buf->offset, len, PAGE_SIZE); "
        "page_pool_put_full_netmem(netmem_get_pp(buf->netmem), buf->netmem, false);"],
    "cast back to a page": [
        "page_pool_put_full_page(rxq->pool, netmem_to_page(netmem), false);"],
    "gfp changed": ["netmem = page_pool_alloc_netmems(rxq->pool, GFP_KERNEL);"],
    "release loop cut short": ["for (i = 0; i < rxq->count - 1; i++)"],
    "sync flag dropped": [".flags = PP_FLAG_DMA_MAP,"],
    "map flag dropped": [".flags = PP_FLAG_DMA_SYNC_DEV,"],
}


def faults(kind: str) -> list[Fault]:
    return [one for one in seed("demo.c", DRIVER, each=9) if one.kind == kind]


def written(fault: Fault) -> list[str]:
    lines = difflib.ndiff(DRIVER.decode().splitlines(), fault.text.decode().splitlines())
    return [line[2:].strip() for line in lines if line.startswith("+ ")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_can_be_made(kind: str) -> None:
    made = faults(kind)
    assert made
    for fault in made:
        assert DRIVER.splitlines()[fault.line - 1].strip()
        assert fault.was.split("(")[0] in DRIVER.decode()


@pytest.mark.parametrize("kind", WRITES)
def test_what_a_fault_writes(kind: str) -> None:
    made = [written(fault) for fault in faults(kind)]
    for line in WRITES[kind]:
        assert [line] in made


def test_what_a_sync_too_late_is() -> None:
    (late,) = faults("CPU sync too late")
    body = late.text.split(b"static void demo_rx(")[1].split(b"static")[0]
    assert body.index(b"skb_put_data") < body.index(b"page_pool_dma_sync_netmem_for_cpu")
    assert late.text.count(b"page_pool_dma_sync_netmem_for_cpu") == 1


def test_faults_are_always_the_same_and_no_more_than_asked_for() -> None:
    once = list(seed("demo.c", DRIVER, each=1))
    assert once == list(seed("demo.c", DRIVER, each=1))
    assert len({one.kind for one in once}) == len(once) == len(KINDS)


def test_pages_are_left_alone() -> None:
    pages = DRIVER.replace(b"_netmems", b"_pages").replace(b"netmem", b"page")
    made = {one.kind for one in seed("demo.c", pages, each=1)}
    assert "release removed" not in made
    assert "NULL test dropped" not in made


def test_the_corpus_gives_faults_of_most_kinds() -> None:
    made = [fault for subject in own() for fault in subject.faults(1)]
    assert len(made) > 400
    assert len({fault.kind for fault in made} & set(KINDS)) >= len(KINDS) - 4


def test_only_what_is_new_and_in_the_same_file_counts() -> None:
    def counts_puts(files: Sequence[FileChange]) -> Counter[Said]:
        here = sum(len(re.findall(rb"put_(?:full_)?netmem\(", one.after)) for one in files)
        return Counter({Said("demo.c", "puts", "", "one more put"): max(here - 2, 0),
                        Said("other.c", "elsewhere", "", str(here)): 1,
                        Said("demo.c", "always", "", "said of every driver"): 1})

    files = (FileChange("demo.c", DRIVER, DRIVER), FileChange("other.c", b"", b"int i;\n"))
    tally = measure(Subject("demo", Path(), files), 9, counts_puts)
    found = {one.kind: one.ids for one in tally.results}
    assert found["release doubled"] == ("puts",)
    assert found["put after the skb got it"] == ("puts",)
    assert found["release removed"] == ()
    assert found["gfp changed"] == ()
    assert [one.id for one in tally.baseline] == ["always", "elsewhere"]
    rows = {line[:38].strip(): line[38:].split() for line in table(tally.results).splitlines()}
    assert rows["release doubled"] == ["2", "2", "0", "0", "puts"]
    assert rows["release removed"] == ["2", "0", "0", "2"]
