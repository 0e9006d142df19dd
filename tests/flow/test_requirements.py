# SPDX-License-Identifier: GPL-2.0-only
"""Requirements of netmem.rst, as values: what is met, and what the judgement rests on."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE

from netmem_migrate.api import migrate
from netmem_migrate.model.kernel_calls import named
from netmem_migrate.model.schema import Trait
from netmem_migrate.reasons import Category, Why
from netmem_migrate.results import Basis, DriverReport, Evidence, Standing

CREATE = """\
struct page_pool *create(const struct page_pool_params *params)
{
	return page_pool_create(params);
}
"""


def report_of(tmp_path: Path, source: str) -> DriverReport:
    (tmp_path / "d.c").write_text(PRELUDE + source)
    return migrate([tmp_path], api="7.3").drivers[0].report


def line_of(text: str, source: str) -> int:
    return next(number for number, line in enumerate((PRELUDE + source).split("\n"), 1)
                if text in line)


def test_a_driver_without_a_pool_is_not_judged(tmp_path: Path) -> None:
    assert report_of(tmp_path, "").requirements == {}


@pytest.mark.parametrize("name", ["page_ref_dec", "page_ref_add", "page_ref_sub",
                                  "__page_frag_cache_drain", "page_ref_freeze",
                                  "dev_page_is_reusable"])
def test_what_refuses_a_slot_as_its_own_recycling_is_rx_7(name: str, tmp_path: Path) -> None:
    assert name in named(Trait.COUNTS)
    source = CREATE + f"void t(struct rx_buf *buf)\n{{\n\t{name}(buf->page, 1);\n}}\n"
    report = report_of(tmp_path, source)
    (refusal,) = [one for one in report.refusals if one.category is Category.OWN_RECYCLING]
    assert (refusal.reason.why, refusal.reason.by) == (Why.COUNTED, name)
    rx_7 = report.requirements["rx.7"]
    assert (rx_7.status, rx_7.basis) == (Standing.UNMET, Basis.PAGE_COUNTS)
    line = line_of(f"{name}(", source)
    assert (refusal.reason.file, refusal.reason.line) == ("d.c", line)
    assert rx_7.evidence == (Evidence("d.c", line, f"{name}(buf->page, 1);"),)


@pytest.mark.parametrize("name", named(Trait.COUNTS))
def test_what_counts_references_is_own_recycling_to_the_requirement(
    name: str, tmp_path: Path
) -> None:
    source = CREATE + f"void t(struct rx_buf *buf)\n{{\n\t{name}(buf->page);\n}}\n"
    assert report_of(tmp_path, source).requirements["rx.7"].status is Standing.UNMET


@pytest.mark.parametrize("code", ["", "page_pool_put_full_page(pool, buf->page, false);",
                                  "/* page_ref_dec(buf->page) */"])
def test_a_driver_that_leaves_recycling_to_the_pool(code: str, tmp_path: Path) -> None:
    report = report_of(tmp_path, CREATE + (
        f"void t(struct page_pool *pool, struct rx_buf *buf)\n{{\n\t{code}\n}}\n"))
    assert not report.refusals
    rx_7 = report.requirements["rx.7"]
    assert (rx_7.status, rx_7.evidence) == (Standing.MET, ())


def test_calls_that_stay_by_design_leave_rx_3_open_to_be_met(tmp_path: Path) -> None:
    host = CREATE + """\
void by_design(struct page_pool *pool, struct sk_buff *skb)
{
	struct page *host = page_pool_dev_alloc_pages(pool);

	memcpy(page_address(host), skb->data, 64);
}
"""
    report = report_of(tmp_path, host)
    (site,) = [one for one in report.sites if one.function == "by_design"]
    assert site.by_design
    rx_3 = report.requirements["rx.3"]
    assert all(one.line != site.line for one in rx_3.evidence)
    blocked = report_of(tmp_path, host.replace(
        "memcpy(page_address(host), skb->data, 64);", "foreign(host);"))
    (site,) = [one for one in blocked.sites if one.function == "by_design"]
    rx_3 = blocked.requirements["rx.3"]
    assert (rx_3.status, rx_3.basis) == (Standing.UNMET, Basis.PAGE_CALLS)
    assert Evidence("d.c", site.line, f"{site.call}()") in rx_3.evidence


@pytest.mark.parametrize(("source", "status", "basis"), [
    ("", Standing.UNKNOWN, Basis.POOL_SYNC),
    ("void s(struct page_pool *pool, struct rx_buf *buf)\n{\n"
     "\tpage_pool_dma_sync_for_cpu(pool, buf->page, 0, 64);\n}\n", Standing.MET, Basis.POOL_SYNC),
    ("void s(struct device *dev, dma_addr_t dma)\n{\n"
     "\tdma_sync_single_for_cpu(dev, dma, 64, 2);\n}\n", Standing.UNMET, Basis.RAW_SYNC),
])
def test_a_raw_sync_counts_more_than_one_of_the_pool(source: str, status: Standing, basis: Basis,
                                                     tmp_path: Path) -> None:
    found = report_of(tmp_path, CREATE + source).requirements["rx.6"]
    assert (found.status, found.basis) == (status, basis)
    assert bool(found.evidence) is bool(source)


@pytest.mark.parametrize(("line", "status"), [
    ("#define FLAGS (PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV)", Standing.MET),
    ("#define FLAGS (PP_FLAG_DMA_MAP)", Standing.UNMET),
    ("/* PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV */", Standing.UNMET),
])
def test_flags_that_a_macro_spells_are_set(line: str, status: Standing, tmp_path: Path) -> None:
    assert report_of(tmp_path, f"{line}\n{CREATE}").requirements["rx.4"].status is status


@pytest.mark.parametrize(("line", "status"), [
    ("netdev->queue_mgmt_ops = &ops;", Standing.MET),
    ("struct netdev_queue_mgmt_ops *ops;", Standing.UNMET),
    ("/* no queue_mgmt_ops */", Standing.UNMET),
])
def test_a_queue_that_can_be_restarted(line: str, status: Standing, tmp_path: Path) -> None:
    found = report_of(tmp_path, f"{CREATE}\nvoid t(struct net_device *netdev)\n{{\n\t{line}\n}}\n")
    assert found.requirements["queue-mgmt"].status is status
