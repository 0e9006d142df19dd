# SPDX-License-Identifier: GPL-2.0-only
"""Faults seeded to measure `check`: that they are what they say, and that it finds them."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from real import seed_any
from real.half_judge import same_code
from real.seed_faults import KINDS, Fault, seed
from real.seed_judge import Judge, Result, Said, measure, table
from real.seed_subjects import Subject, own

from netmem_migrate.api import check_changes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.results import FileChange, Severity

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


def judge(*said: Said) -> Judge:
    """Says one of these for each put more than the driver has; and always something else."""
    def judges(files: Sequence[FileChange]) -> Counter[Said]:
        here = sum(len(re.findall(rb"put_(?:full_)?netmem\(", one.after)) for one in files)
        return Counter({**{one: max(here - 2, 0) for one in said},
                        Said("demo.c", "always", "", "said of every driver"): 1})
    return judges


def result(kind: str, *said: Said) -> Result:
    files = (FileChange("demo.c", DRIVER, DRIVER), FileChange("other.c", b"", b"int i;\n"))
    results = measure(Subject("demo", Path(), files), 1, judge(*said)).results
    (one,) = (one for one in results if one.kind == kind)
    return one


def test_only_what_names_the_place_counts() -> None:
    line = result("release doubled").line
    by_function = Said("demo.c", "puts", "demo_fill", "one more put")
    by_line = Said("demo.h", "puts", "", "one more put", (("demo.h", 3), ("demo.c", line)))
    for said in (by_function, by_line):
        one = result("release doubled", said)
        assert (one.ids, one.elsewhere) == (("puts",), ())
    for said in (replace(by_function, function="demo_free"), replace(by_function, path="other.c"),
                 replace(by_line, places=(("demo.h", line), ("demo.c", line + 5)))):
        one = result("release doubled", said)
        assert (one.ids, one.elsewhere) == ((), ("puts",))
    one = result("release removed", by_function)
    assert (one.ids, one.elsewhere) == ((), ())


def test_table_tells_apart_what_is_found_and_what_is_said_elsewhere() -> None:
    said = Said("demo.c", "puts", "demo_fill", "one more put")
    files = (FileChange("demo.c", DRIVER, DRIVER),)
    tally = measure(Subject("demo", Path(), files), 9, judge(said))
    assert [one.id for one in tally.baseline] == ["always"]
    rows = {line[:38].strip(): line[38:].split() for line in table(tally.results).splitlines()}
    # One of the two is in another function.
    assert rows["release doubled"] == ["2", "1", "0", "1", "0", "puts"]
    assert rows["release removed"] == ["2", "0", "0", "0", "2"]


@pytest.mark.few(6)
@pytest.mark.parametrize("kind", seed_any.KINDS)
def test_faults_of_any_kind_are_where_a_seed_says(kind: str) -> None:
    made = [[(one.line, one.text) for one in seed_any.seed("demo.c", DRIVER, each=2, seed=number)
             if one.kind == kind] for number in (1, 1, 2, 3, 4, 5)]
    assert made[0] == made[1]
    assert all(one for one in made)
    assert all(code_of(text).split() != code_of(DRIVER).split() for one in made for _, text in one)
    every = {(one.line, one.text) for one in seed_any.seed("demo.c", DRIVER, each=99, seed=1)
             if one.kind == kind}
    assert len(every) <= 2 or len({text for one in made for _, text in one}) > 2


@pytest.mark.few(4)
@pytest.mark.parametrize("subject", own(), ids=lambda one: one.name)
def test_faults_of_any_kind_are_found(subject: Subject) -> None:
    """Each has a finding that names its place, but for what a compiler gives the same code for."""
    for change in subject.files:
        clean = check_changes(subject.files, "7.3")
        for fault in seed_any.seed(change.path, change.after, each=1, seed=7):
            files = subject.with_fault(fault)
            found = [one for one in check_changes(files, "7.3") if one not in clean
                     and one.severity != Severity.NOTE]
            assert any(one.file == fault.path and (one.function == fault.function or any(
                at.line == fault.line for at in one.path)) for one in found) or same_code(
                    files, subject.files), (fault.kind, fault.line, fault.was)
