# SPDX-License-Identifier: GPL-2.0-only
"""Memory of the pool that the driver maps itself: by page, or by an address that is followed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed, convert

from netmem_migrate.reasons import Detail, Why
from netmem_migrate.report import wording

_FIRST = "static dma_addr_t map(struct device *dev, struct rx_buf *buf)\n{\n"
REFUSED = {
    "at-once": ("rx_buf.page", _FIRST + """\
	return dma_map_single(dev, page_address(buf->page) + 64, 2048, DMA_FROM_DEVICE);
}
"""),
    "with-attributes": ("rx_buf.page", """\
dma_addr_t dma_map_single_attrs(struct device *dev, void *ptr, size_t size, int dir, long attrs);

""" + _FIRST + """\
	return dma_map_single_attrs(dev, page_to_virt(buf->page), 2048, DMA_FROM_DEVICE, 0);
}
"""),
    "local": ("rx_buf.page", _FIRST + """\
	u8 *va;

	va = page_address(buf->page);
	va += buf->offset;
	return dma_map_single(dev, va, 2048, DMA_FROM_DEVICE);
}
"""),
    "number": ("rx_buf.page", _FIRST + """\
	unsigned long at = (unsigned long)page_address(buf->page);

	return dma_map_single(dev, (void *)(at & ~63UL), 2048, DMA_FROM_DEVICE);
}
"""),
    "result-of-a-helper": ("rx_buf.page", """\
static void *where(struct rx_buf *buf)
{
	return buf->offset ? page_address(buf->page) + buf->offset : NULL;
}

""" + _FIRST + """\
	return dma_map_single(dev, where(buf), 2048, DMA_FROM_DEVICE);
}
"""),
    "argument-of-a-helper": ("rx_buf.page", """\
static dma_addr_t put_on(struct device *dev, void *data, int len)
{
	return dma_map_single(dev, data, len, DMA_FROM_DEVICE);
}

""" + _FIRST + """\
	return put_on(dev, page_address(buf->page), 2048);
}
"""),
    "member": ("rx_buf.page", """\
struct slot {
	void *va;
	dma_addr_t dma;
};

void arm(struct device *dev, struct slot *slot)
{
	slot->dma = dma_map_single(dev, slot->va, 2048, DMA_FROM_DEVICE);
}

void t(struct slot *slot, struct rx_buf *buf)
{
	slot->va = page_address(buf->page) + 64;
}
"""),
    "member-of-an-initialiser": ("rx_buf.page", """\
struct slot {
	int len;
	void *va;
};

dma_addr_t arm(struct device *dev, struct slot *slot)
{
	return dma_map_single(dev, slot->va, slot->len, DMA_FROM_DEVICE);
}

dma_addr_t t(struct device *dev, struct rx_buf *buf)
{
	struct slot slot = { .len = 64, .va = page_address(buf->page) };

	return arm(dev, &slot);
}
"""),
    "through-a-pointer": ("rx_buf.page", """\
static int look(struct rx_buf *buf, void **va)
{
	*va = page_address(buf->page);
	return 0;
}

""" + _FIRST + """\
	void *va;

	look(buf, &va);
	return dma_map_single(dev, va, 2048, DMA_FROM_DEVICE);
}
"""),
    "array": ("rx_buf.page", """\
static void *vas[4];

void t(struct rx_buf *buf, int i)
{
	vas[i] = page_address(buf->page);
}

dma_addr_t arm(struct device *dev, int i)
{
	return dma_map_single(dev, vas[i], 2048, DMA_FROM_DEVICE);
}
"""),
    "macro": ("rx_buf.page", """\
#define MAP(dev, va) dma_map_single(dev, va, 64, DMA_FROM_DEVICE)

""" + _FIRST + """\
	return MAP(dev, page_address(buf->page));
}
"""),
    "page-of-the-address": ("rx_buf.page", _FIRST + """\
	void *va = page_address(buf->page);

	return dma_map_page(dev, virt_to_page(va), 64, 2048, DMA_FROM_DEVICE);
}
"""),
    "aligned": ("rx_buf.page", """\
#define PTR_ALIGN(p, a) ((typeof(p))(((unsigned long)(p) + (a) - 1) & ~((a) - 1)))

""" + _FIRST + """\
	void *va = page_address(buf->page);
	void *data = PTR_ALIGN(va, 64);

	return dma_map_single(dev, data, 2048, DMA_FROM_DEVICE);
}
"""),
}
LEFT_ALONE = {
    "another-member": """\
struct tx {
	void *data;
};

dma_addr_t t(struct device *dev, struct tx *tx)
{
	return dma_map_single(dev, tx->data, 64, DMA_TO_DEVICE);
}
""",
    "the-packet": """\
dma_addr_t t(struct device *dev, struct sk_buff *skb)
{
	return dma_map_single(dev, skb->data, 64, DMA_TO_DEVICE);
}
""",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    slot, source = REFUSED[name]
    check_refused(tmp_path, source, slot, "own-mapping")


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    check_noop(tmp_path, LEFT_ALONE[name])


def test_what_is_read_by_the_cpu_and_what_is_mapped_are_two_things(tmp_path: Path) -> None:
    check_transformed(tmp_path, """\
struct tx {
	void *data;
	int len;
};

dma_addr_t t(struct device *dev, struct tx *tx, struct rx_buf *buf)
{
	u8 *va = page_address(buf->page);

	tx->len = va[0];
	return dma_map_single(dev, tx->data, tx->len, DMA_TO_DEVICE);
}
""", """\
struct tx {
	void *data;
	int len;
};

dma_addr_t t(struct device *dev, struct tx *tx, struct rx_buf *buf)
{
	u8 *va = netmem_address(buf->netmem);

	tx->len = va[0];
	return dma_map_single(dev, tx->data, tx->len, DMA_TO_DEVICE);
}
""")


def test_the_helper_can_be_in_a_file_that_names_no_page(tmp_path: Path) -> None:
    files = {
        "d.c": """\
#include <net/page_pool/helpers.h>
#include "map.h"

struct buf {
	struct page *page;
	dma_addr_t dma;
};

int fill(struct page_pool *pool, struct device *dev, struct buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	if (!buf->page)
		return -ENOMEM;
	buf->dma = demo_map(dev, page_address(buf->page));
	return 0;
}
""",
        "map.h": "dma_addr_t demo_map(struct device *dev, void *data);\n",
        "map.c": """\
#include "map.h"

dma_addr_t demo_map(struct device *dev, void *data)
{
	return dma_map_single(dev, data, 2048, DMA_FROM_DEVICE);
}
"""}
    migration, _ = convert(tmp_path / "d", {name: text.encode() for name, text in files.items()})
    (refusal,) = migration.report.refusals
    assert not migration.changes
    assert refusal.slot == "buf.page" and refusal.reason.why is Why.MAPPED
    assert (refusal.reason.file, refusal.reason.line) == ("map.c", 5)
    assert "let the pool map first (PP_FLAG_DMA_MAP" in wording.refusal(refusal)


def test_memory_of_which_only_the_address_goes_out_is_mapped_too(tmp_path: Path) -> None:
    source = """\
#include <net/page_pool/helpers.h>

dma_addr_t fill(struct page_pool *pool, struct device *dev, void **va)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	*va = page_address(page);
	return dma_map_single(dev, *va, 2048, DMA_FROM_DEVICE);
}
"""
    migration, _ = convert(tmp_path / "d", {"d.c": source.encode()})
    (site,) = migration.report.sites
    assert [one.why for one in site.reason.chain] == [Why.BLOCKED, Why.MAPPED]
    assert site.reason.line == 8 and site.detail is Detail.OTHER
