# SPDX-License-Identifier: GPL-2.0-only
"""The way that a finding says: its lines are those of a path on which it comes about."""

from __future__ import annotations

import json

import pytest

from netmem_migrate.check.compare.compare import compare
from netmem_migrate.check.sources import check_sources
from netmem_migrate.report.findings import as_b4, as_json, as_sarif, text
from netmem_migrate.report.sarif import Descriptor
from netmem_migrate.results import Finding

LEAK = """\
int demo(struct demo_rxq *rxq, int busy)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(rxq->pool);

	if (!netmem)
		return -ENOMEM;
	if (rxq->full) {
		page_pool_put_full_netmem(rxq->pool, netmem, false);
		return -ENOSPC;
	}
	if (busy)
		return -EBUSY;
	rxq->netmem = netmem;
	return 0;
}
"""
TWICE = """\
void demo(struct demo_rxq *rxq, netmem_ref netmem, int count)
{
	while (count--)
		demo_tick(rxq);
	if (rxq->full)
		page_pool_put_full_netmem(rxq->pool, netmem, false);
	demo_tick(rxq);
	if (rxq->full)
		page_pool_put_full_netmem(rxq->pool, netmem, false);
}
"""


def sources(code: str) -> Finding:
    (one,) = check_sources({"demo.c": code.encode()})
    return one


def lines(one: Finding, side: str = "") -> list[tuple[int, str]]:
    return [(at.line, at.text) for at in one.path if at.side == side]


def test_path_to_a_leak() -> None:
    one = sources(LEAK)
    assert (one.id, one.line) == ("leak", 12)
    assert lines(one) == [
        (3, "page_pool_dev_alloc_netmems(rxq->pool)"), (5, "netmem is true"),
        (7, "rxq->full is false"), (11, "busy is true"), (12, "return -EBUSY;")]


def test_path_to_a_second_release() -> None:
    one = sources(TWICE)
    assert (one.id, one.line) == ("double-release", 9)
    passed = lines(one)
    assert passed[-4:] == [
        (5, "rxq->full is true"), (6, passed[-1][1]), (8, "rxq->full is true"),
        (9, "page_pool_put_full_netmem(rxq->pool, netmem, false)")]


PAGES = """\
void demo(struct demo_rxq *rxq, struct page *page, unsigned int len)
{
	if (unlikely(!rxq->pool))
		return;
	while (len--) {
		if (rxq->full)
			break;
		page_pool_put_full_page(rxq->pool, page, false);
	}
	dma_sync_single_for_cpu(rxq->dev, rxq->dma, 12, DMA_FROM_DEVICE);
}
"""
NETMEM = PAGES.replace("struct page *page", "netmem_ref netmem").replace(
    "full_page(rxq->pool, page", "full_netmem(rxq->pool, netmem")


def changed(before: str, after: str) -> Finding:
    (one,) = compare(before.encode(), after.encode(), "demo.c")
    return one


def test_both_ways_of_a_change() -> None:
    one = changed(PAGES, NETMEM.replace("netmem, false", "netmem, true"))
    assert one.id == "changes-pages"
    tests = [(3, "rxq->pool is true"), (5, "len-- is true"), (6, "rxq->full is false")]
    assert lines(one, "before") == [
        *tests, (8, "page_pool_put_full_page(rxq->pool, page, false)")]
    assert lines(one, "after") == [
        *tests, (8, "page_pool_put_full_netmem(rxq->pool, netmem, true)")]


def test_what_is_gone_is_where_it_was_and_where_it_would_be() -> None:
    sync = "\tdma_sync_single_for_cpu(rxq->dev, rxq->dma, 12, DMA_FROM_DEVICE);\n"
    one = changed(PAGES, NETMEM.replace(sync, ""))
    assert one.id == "changes-pages"
    assert [line for line, _ in lines(one, "before")] == [3, 5, 10]
    assert (one.line, lines(one, "after")[-1][0]) == (9, 9)


def test_function_that_came_from_another_file_has_one_way() -> None:
    one = changed(PAGES.replace("void demo", "void other") + "\n" + PAGES,
                  PAGES.replace("void demo", "void other") + "\n"
                  + NETMEM.replace("netmem, false", "netmem, true"))
    assert {at.side for at in one.path} == {"before", "after"}


def test_path_in_each_form() -> None:
    one = sources(LEAK)
    said = text([one], ())
    assert said[1:6] == [f"  demo.c:{line}: {what}" for line, what in lines(one)]
    (told,) = json.loads(as_json([one], ()))["findings"]
    assert told["path"][0] == {"file": "demo.c", "line": 3,
                               "text": "page_pool_dev_alloc_netmems(rxq->pool)"}
    (answer,) = json.loads(as_b4([one], ()))
    assert "  demo.c:11: busy is true" in answer["details"].splitlines()
    log = json.loads(as_sarif([Descriptor("leak", "leak")], [one]))
    flow = log["runs"][0]["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [at["location"]["physicalLocation"]["region"]["startLine"] for at in flow] == [
        3, 5, 7, 11, 12]


def test_long_path_is_cut_for_a_person_alone() -> None:
    tests = "".join(f"\tif (demo_test(rxq, {number}))\n\t\trxq->count++;\n" for number in range(9))
    one = sources(LEAK.replace("\tif (rxq->full)", tests * 4 + "\tif (rxq->full)"))
    assert len(one.path) > 30
    said = text([one], ())
    assert len(said) == 22
    assert said[1] == f"  ({len(one.path) - 20} lines before these are in --json)"
    assert len(json.loads(as_json([one], ()))["findings"][0]["path"]) == len(one.path)


@pytest.mark.parametrize(("gone", "severity"), [
    ("\tdma_sync_single_for_cpu(rxq->dev, rxq->dma, 12, DMA_FROM_DEVICE);\n", "warning"),
    ("\tif (unlikely(!rxq->pool))\n\t\treturn;\n", "warning"),
    ("\t\tif (rxq->full)\n\t\t\tbreak;\n", "warning"),
    ("\t\tpage_pool_put_full_netmem(rxq->pool, netmem, false);\n", "error"),
])
def test_what_is_only_left_out(gone: str, severity: str) -> None:
    assert gone in NETMEM
    assert changed(PAGES, NETMEM.replace(gone, "")).severity == severity
    # As it is when it is only put in.
    assert changed(PAGES.replace(gone.replace("netmem", "page"), ""), NETMEM).severity == severity


@pytest.mark.parametrize(("added", "severity"), [
    ("\tif (rxq->full)\n\t\trxq->count++;\n", "warning"),
    ("\tif (rxq->count > 3)\n\t\treturn;\n", "warning"),
    ("\tif (rxq->full)\n\t\treturn;\n", "warning"),
    ("\trxq->count++;\n", "warning"),
    # What these do is not known.
    ("\tif (demo_test(rxq))\n\t\treturn;\n", "error"),
    ("\tif (!rxq->pool)\n\t\treturn demo_drop(rxq);\n", "error"),
    ("\trxq->page = netmem;\n", "error"),
    ("\tpage_pool_ref_netmem(netmem);\n", "error"),
])
def test_what_else_is_put_in(added: str, severity: str) -> None:
    assert changed(PAGES, NETMEM.replace("\twhile", added + "\twhile")).severity == severity
