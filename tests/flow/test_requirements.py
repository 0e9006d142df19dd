# SPDX-License-Identifier: GPL-2.0-only
"""Requirements of netmem.rst, as values: what is met, and what the judgement rests on."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE, plant

from netmem_migrate.api import migrate
from netmem_migrate.model.kernel_calls import named
from netmem_migrate.model.schema import Trait
from netmem_migrate.reasons import Category, Why
from netmem_migrate.results import Basis, DriverReport, Evidence, Requirement, Standing

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


DEVICE = "static const struct net_device_ops device;\n"
DRIVER = DEVICE + """\
#define DMA_FLAGS (PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV)

struct ring {
	struct device *dev;
	struct page_pool *pool;
	struct page *page;
	struct page *other;
	dma_addr_t dma;
	dma_addr_t sent;
	int split;
};

int create(struct ring *ring)
{
	struct page_pool_params pp = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.max_len = PAGE_SIZE,
		.dma_dir = DMA_FROM_DEVICE,
	};

	ring->pool = page_pool_create(&pp);
	return 0;
}

int refill(struct ring *ring)
{
	ring->page = page_pool_dev_alloc_pages(ring->pool);
	if (!ring->page)
		return -1;
	ring->dma = page_pool_get_dma_addr(ring->page) + NET_SKB_PAD;
	return 0;
}

struct sk_buff *receive(struct ring *ring, unsigned int len)
{
	/* the sync */
	return napi_build_skb(page_address(ring->page), len);
}

void send(struct ring *ring)
{
	dma_sync_single_for_cpu(ring->dev, ring->sent, 64, DMA_TO_DEVICE);
}
"""
FLAGS = "PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV"
SYNC = "/* the sync */"
RAW = "dma_sync_single_for_cpu(ring->dev, ring->dma, len, DMA_FROM_DEVICE);"
POOLS = "page_pool_dma_sync_for_cpu(ring->pool, ring->page, 0, len);"
BOTH = ("if (ring->split)\n\t\tdma_unmap_single(ring->dev, ring->dma, len, DMA_FROM_DEVICE);\n"
        "\telse\n\t\t" + POOLS)
SET = ".flags = " + FLAGS + ",\n"
LATER = "\tring->pool = page_pool_create"


def judged(tmp_path: Path, old: str = "", new: str = "") -> dict[str, Requirement]:
    assert old in DRIVER
    return report_of(tmp_path, DRIVER.replace(old, new, 1)).requirements


@pytest.mark.parametrize("code", ["/* page_ref_dec(ring->page) */", SYNC])
def test_a_driver_that_leaves_recycling_to_the_pool(code: str, tmp_path: Path) -> None:
    assert judged(tmp_path, SYNC, code)["rx.7"].status is Standing.MET


@pytest.mark.parametrize(("code", "status"), [
    ("page_ref_dec(ring->page);", Standing.UNMET),
    # Of a page that is no pool's, and of one that the stack never had.
    ("struct page *own = dev_alloc_page();\n\n\tpage_ref_add(own, 2);", Standing.MET),
    ("struct page *own = ring->page;\n\n\tpage_ref_add(own, 2);", Standing.UNMET),
    ("foreign_page(&ring->other);\n\tpage_ref_add(ring->other, 2);", Standing.UNMET),
    ("ring->other = alloc_page(GFP_ATOMIC);\n\tpage_ref_add(ring->other, 2);", Standing.MET),
    ("if (!ring->pool)\n\t\tpage_ref_add(ring->page, 2);", Standing.MET),
    ("if (ring->pool)\n\t\tpage_ref_add(ring->page, 2);", Standing.UNMET),
    ("struct page *own;\n\n\town = dev_alloc_page();\n\tpage_ref_add(own, 2);", Standing.MET),
    ("char head[64];\n\n\tmemcpy(head, page_address(ring->page), 64);\n"
     "\tif (page_count(ring->page) == 1)\n\t\treturn NULL;", Standing.MET),
])
def test_only_references_of_memory_that_the_stack_may_have_count(
        code: str, status: Standing, tmp_path: Path) -> None:
    assert judged(tmp_path, SYNC, code)["rx.7"].status is status


@pytest.mark.parametrize(("code", "status", "basis"), [
    (SYNC, Standing.UNMET, Basis.NO_SYNC),
    (RAW, Standing.UNMET, Basis.RAW_SYNC),
    (POOLS, Standing.MET, Basis.POOL_SYNC),
    (RAW + "\n\t" + POOLS, Standing.UNMET, Basis.RAW_SYNC),
    (BOTH, Standing.CONDITIONAL, Basis.POOL_SYNC),
    # What is sent is no payload that was received.
    ("dma_sync_single_for_cpu(ring->dev, ring->dma, len, DMA_TO_DEVICE);", Standing.UNMET,
     Basis.NO_SYNC),
    # It is of the payload that is read then, or there is none before the read.
    ("dma_sync_single_for_cpu(ring->dev, ring->sent, len, DMA_FROM_DEVICE);", Standing.UNMET,
     Basis.RAW_SYNC),
    ("if (ring->pool)\n\t\t" + POOLS + "\n\telse\n\t\t" + RAW, Standing.MET, Basis.POOL_SYNC),
    ("if (!ring->pool)\n\t\t" + RAW + "\n\t" + POOLS, Standing.MET, Basis.POOL_SYNC),
    ("if (ring->pool)\n\t\t" + RAW, Standing.UNMET, Basis.RAW_SYNC),
    ("if (ring->split)\n\t\t" + POOLS + "\n\telse\n\t\t" + RAW, Standing.UNMET, Basis.RAW_SYNC),
])
def test_a_sync_counts_where_it_is_of_the_pool_s_memory(
        code: str, status: Standing, basis: Basis, tmp_path: Path) -> None:
    found = judged(tmp_path, SYNC, code)["rx.6"]
    assert (found.status, found.basis) == (status, basis)
    assert found.condition == ("!(ring->split)" if status is Standing.CONDITIONAL else "")
    assert all("DMA_TO_DEVICE" not in one.text for one in found.evidence)


@pytest.mark.parametrize(("old", "new", "status", "basis"), [
    (SYNC, SYNC, Standing.MET, Basis.POOL_FLAGS),
    ("= " + FLAGS, "= DMA_FLAGS", Standing.MET, Basis.POOL_FLAGS),
    ("= " + FLAGS, "= PP_FLAG_DMA_MAP", Standing.UNMET, Basis.POOL_FLAGS),
    ("= " + FLAGS, "= 0 /* " + FLAGS + " */", Standing.UNMET, Basis.POOL_FLAGS),
    (SET, SET[:-2] + " /* always */,\n", Standing.MET, Basis.POOL_FLAGS),
    (SYNC, "dma_sync_single_for_device(ring->dev, ring->dma, len, DMA_FROM_DEVICE);",
     Standing.UNMET, Basis.OWN_DEVICE_SYNC),
    (SYNC, "dma_sync_single_for_device(ring->dev, ring->dma, len, DMA_TO_DEVICE);",
     Standing.MET, Basis.POOL_FLAGS),
    (SYNC, "dma_sync_single_for_device(ring->dev, ring->sent, len, DMA_FROM_DEVICE);",
     Standing.MET, Basis.POOL_FLAGS),
])
def test_the_flags_of_a_pool_and_who_syncs(old: str, new: str, status: Standing, basis: Basis,
                                           tmp_path: Path) -> None:
    found = judged(tmp_path, old, new)["rx.4"]
    assert (found.status, found.basis) == (status, basis)
    assert found.evidence


def test_a_pool_that_is_created_outside_of_functions_is_not_judged(tmp_path: Path) -> None:
    report = report_of(tmp_path, "DEFINE_DEMO(demo, page_pool_create(&demo_params));\n")
    assert report.requirements == {} and report.pools == ()


def test_flags_under_a_condition_are_met_under_it(tmp_path: Path) -> None:
    source = DRIVER.replace(SET, "").replace(
        LATER, f"\tif (ring->split)\n\t\tpp.flags |= {FLAGS};\n{LATER}")
    report = report_of(tmp_path, source)
    found = report.requirements["rx.4"]
    assert (found.status, found.condition) == (Standing.CONDITIONAL, "ring->split")
    (pool,) = report.pools
    assert pool.line == line_of("page_pool_create(&pp)", source)
    assert {(one.name, one.text, one.condition) for one in pool.values} == {
        ("flags", FLAGS, "ring->split"), ("max_len", "PAGE_SIZE", ""),
        ("dma_dir", "DMA_FROM_DEVICE", "")}


def test_parameters_that_a_function_is_given_are_not_known(tmp_path: Path) -> None:
    assert report_of(tmp_path, CREATE).requirements["rx.4"].status is Standing.UNKNOWN


@pytest.mark.parametrize(("line", "status"), [
    ("netdev->queue_mgmt_ops = &ops;", Standing.MET),
    ("struct netdev_queue_mgmt_ops *ops;", Standing.UNMET),
    ("/* no queue_mgmt_ops */", Standing.UNMET),
])
def test_a_queue_that_can_be_restarted(line: str, status: Standing, tmp_path: Path) -> None:
    found = report_of(tmp_path, f"{CREATE}\nvoid t(struct net_device *netdev)\n{{\n\t{line}\n}}\n")
    assert found.requirements["queue-mgmt"].status is status


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
    assert all(one.line != site.line for one in report.requirements["rx.3"].evidence)
    blocked = report_of(tmp_path, host.replace(
        "memcpy(page_address(host), skb->data, 64);", "foreign(host);"))
    (site,) = [one for one in blocked.sites if one.function == "by_design"]
    rx_3 = blocked.requirements["rx.3"]
    assert (rx_3.status, rx_3.basis) == (Standing.UNMET, Basis.PAGE_CALLS)
    assert Evidence("d.c", site.line, f"{site.call}()") in rx_3.evidence


LIBRARY = "drivers/net/ethernet/lib/rx.c"
"""A module that creates pools for another, and has no device of its own."""


def test_a_library_counts_for_the_driver_that_calls_it(tmp_path: Path) -> None:
    user = """\
#include <net/lib/rx.h>
static const struct ethtool_ops ops = {
	.supported_ring_params = ETHTOOL_RING_USE_TCP_DATA_SPLIT,
};
int set(struct ring *r, int tcp_data_split)
{
	return tcp_data_split ? lib_create(r) : page_pool_none();
}
void probe(struct net_device *netdev)
{
	netdev->ethtool_ops = &ops;
}
"""
    library = DRIVER.replace(DEVICE, "").replace("int create(", "int lib_create(")
    library += "EXPORT_SYMBOL_GPL(lib_create);\n"
    tree = plant(tmp_path / "linux", {
        "Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 1\n", "Kbuild": "",
        "MAINTAINERS": "", "include/linux/kernel.h": "",
        "include/net/netmem.h": "typedef unsigned long __bitwise netmem_ref;\n",
        "include/net/lib/rx.h": "int lib_create(struct ring *ring);\n",
        "drivers/net/ethernet/lib/Makefile": "obj-m += rx.o\n",
        LIBRARY: "#include <net/lib/rx.h>\n" + PRELUDE + library,
        "drivers/net/ethernet/card/Makefile": "obj-m += card.o\n",
        "drivers/net/ethernet/card/card.c": user,
    })
    run = migrate([tree / "drivers/net/ethernet/card", tree / "drivers/net/ethernet/lib"],
                  api="7.3")
    card, lib = (next(one.report for one in run.drivers if one.report.path.endswith(name))
                 for name in ("card", "lib"))
    assert lib.requirements["rx.2"].status is lib.requirements["tx.2"].status is \
        Standing.NOT_APPLICABLE
    assert lib.requirements["rx.4"].status is Standing.CONDITIONAL
    assert card.requirements["rx.2"].status is Standing.MET
    assert card.requirements["rx.4"].basis is Basis.NO_UNREADABLE
    assert card.requirements["rx.1"].evidence[0].file == LIBRARY


def test_headers_of_all_drivers_are_no_driver_s_own(tmp_path: Path) -> None:
    counts = "static inline int count(struct page *page)\n{\n\treturn page_ref_count(page);\n}\n"
    include = "#include <net/netmem.h>\n#include <net/{}/own.h>\n"
    tree = plant(tmp_path / "linux", {
        "Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 1\n", "Kbuild": "",
        "MAINTAINERS": "", "include/linux/kernel.h": "",
        "include/net/netmem.h": "typedef unsigned long __bitwise netmem_ref;\n" + counts,
        "include/net/net/own.h": "",
        "include/net/card/own.h": counts,
        "drivers/net/Makefile": "obj-m += d.o\n",
        "drivers/net/d.c": include.format("net") + PRELUDE + DRIVER,
        "drivers/net/ethernet/card/Makefile": "obj-m += card.o\n",
        "drivers/net/ethernet/card/card.c": include.format("card") + PRELUDE + DRIVER.replace(
            SYNC, "count(ring->page);"),
    })
    run = migrate([tree / "drivers/net/d.c", tree / "drivers/net/ethernet/card"], api="7.3")
    lone, card = (one.report.requirements["rx.7"] for one in run.drivers)
    assert lone.status is Standing.MET
    assert card.status is Standing.UNMET and card.evidence[0].file == "include/net/card/own.h"
