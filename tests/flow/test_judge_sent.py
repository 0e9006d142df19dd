# SPDX-License-Identifier: GPL-2.0-only
"""Frags that are sent: each unmap of where an address of one is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE

from netmem_migrate.api import migrate
from netmem_migrate.results import Basis, Requirement, Standing

DRIVER = PRELUDE + """\
struct tx_buf {
	DEFINE_DMA_UNMAP_ADDR(mapping);
	dma_addr_t dma;
	struct sk_buff *skb;
	int no_page;
};
struct tx {
	struct device *dev;
	struct tx_buf *bufs;
	__le64 *desc;
};

int create(struct ring *ring)
{
	struct page_pool_params pp = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
	};

	ring->pool = page_pool_create(&pp);
	return NETIF_F_SG;
}

/* HERE */
int send(struct tx *tx, struct tx_buf *buf, struct sk_buff *skb, skb_frag_t *frag, int number)
{
	dma_addr_t addr;
	__le64 *desc;
	void *va;

	addr = dma_map_single(tx->dev, skb->data, 64, DMA_TO_DEVICE);
	dma_unmap_addr_set(buf, mapping, addr);
	desc = &tx->desc[number];
	/* MAP */
	return 0;
}

void complete(struct tx *tx, struct tx_buf *buf, int number)
{
	/* DONE */
}

void teardown(struct tx *tx)
{
	struct tx_buf *buf = &tx->bufs[0];

	dma_unmap_single(tx->dev, dma_unmap_addr(buf, mapping), 64, DMA_TO_DEVICE);
	/* DOWN */
}

void receive(struct tx *tx, struct tx_buf *buf)
{
	dma_unmap_page(tx->dev, dma_unmap_addr(buf, mapping), 64, DMA_FROM_DEVICE);
}
"""
MAP = "addr = skb_frag_dma_map(tx->dev, frag, 0, 64, DMA_TO_DEVICE);\n\t"
SET = MAP + "dma_unmap_addr_set(buf, mapping, addr);"
NETMEM_SET = MAP + "netmem_dma_unmap_addr_set(skb_frag_netmem(frag), buf, mapping, addr);"
MEMBER = MAP + "buf->dma = addr;"
DESC = MAP + "*desc = cpu_to_le64(addr);"
UNMAP = "dma_unmap_page(tx->dev, dma_unmap_addr(buf, mapping), 64, DMA_TO_DEVICE);"
NETMEM = "netmem_dma_unmap_page_attrs(tx->dev, dma_unmap_addr(buf, mapping), 64, DMA_TO_DEVICE, 0);"
OF_MEMBER = "dma_unmap_page(tx->dev, buf->dma, 64, DMA_TO_DEVICE);"
OF_DESC = "dma_unmap_page(tx->dev, le64_to_cpu(tx->desc[number]), 64, DMA_TO_DEVICE);"
FREED = """\
static void unmap(struct tx *tx, struct tx_buf *buf)
{
	dma_unmap_page(tx->dev, buf->dma, 64, DMA_TO_DEVICE);
}
"""
TAG = MEMBER + "\n\tif (skb_frag_is_net_iov(frag))\n\t\tbuf->no_page = 1;"
ADDRESS = ("va = skb_frag_address(frag);\n\t"
           "buf->dma = dma_map_single(tx->dev, va, 64, DMA_TO_DEVICE);")
XDP = """\
int xdp_send(struct tx *tx, struct tx_buf *buf, struct xdp_frame *frame, skb_frag_t *frag)
{
	buf->dma = dma_map_single(tx->dev, skb_frag_address(frag), 64, DMA_TO_DEVICE);
	return 0;
}
"""
MAPPED = """\
static int map_it(struct tx *tx, skb_frag_t *frag, dma_addr_t *addr)
{
	*addr = skb_frag_dma_map(tx->dev, frag, 0, 64, DMA_TO_DEVICE);
	return dma_mapping_error(tx->dev, *addr);
}
"""


def judged(tmp_path: Path, map_: str, done: str = "", down: str = "",
           here: str = "") -> Requirement:
    source = (DRIVER.replace("/* HERE */\n", here).replace("/* MAP */", map_)
              .replace("/* DONE */", done).replace("/* DOWN */", down))
    (tmp_path / "d.c").write_text(source)
    return migrate([tmp_path], api="7.3").drivers[0].report.requirements["tx.1"]


@pytest.mark.parametrize(("map_", "done", "down", "here", "places"), [
    (NETMEM_SET, NETMEM, "", "", (NETMEM,)),
    (NETMEM_SET, NETMEM, NETMEM, "", (NETMEM, NETMEM)),
    # A note beside the address, and each unmap looks at it.
    (TAG, f"if (!buf->no_page)\n\t\t{OF_MEMBER}", "", "", ("skb_frag_is_net_iov", OF_MEMBER)),
    (TAG, f"if (buf->no_page)\n\t\treturn;\n\t{OF_MEMBER}", "", "",
     ("skb_frag_is_net_iov", OF_MEMBER)),
    (TAG, "if (!buf->no_page)\n\t\tunmap(tx, buf);", "", FREED,
     ("skb_frag_is_net_iov", "unmap(tx, buf);")),
])
def test_frags_whose_every_unmap_knows_netmem(
        map_: str, done: str, down: str, here: str, places: tuple[str, ...],
        tmp_path: Path) -> None:
    found = judged(tmp_path, map_, done, down, here)
    assert (found.status, found.basis) == (Standing.MET, Basis.NETMEM_UNMAP)
    assert len(found.evidence) == len(places)
    assert all(one in place.text for one, place in zip(places, found.evidence, strict=True))


@pytest.mark.parametrize(("map_", "done", "down", "here", "places"), [
    (SET, UNMAP, "", "", (UNMAP,)),
    (MEMBER, OF_MEMBER, "", "", (OF_MEMBER,)),
    (DESC, OF_DESC, "", "", (OF_DESC,)),
    # One way knows netmem, and another does not.
    (NETMEM_SET, NETMEM, UNMAP, "", (UNMAP,)),
    (NETMEM_SET, UNMAP, NETMEM, "", (UNMAP,)),
    (TAG, f"if (!buf->no_page)\n\t\t{OF_MEMBER}", OF_MEMBER, "", (OF_MEMBER,)),
    (TAG, f"if (buf->skb)\n\t\t{OF_MEMBER}", "", "", (OF_MEMBER,)),
    (TAG, "if (!buf->no_page)\n\t\tunmap(tx, buf);", "unmap(tx, buf);", FREED,
     ("dma_unmap_page",)),
    # The address of any memory is kept, so that the unmap does unmap it.
    (SET, NETMEM, "", "", ("netmem_dma_unmap_page_attrs", "dma_unmap_addr_set")),
    (MEMBER, "netmem_dma_unmap_page_attrs(tx->dev, buf->dma, 64, DMA_TO_DEVICE, 0);", "", "",
     ("netmem_dma_unmap_page_attrs",)),
    # Through a pointer to the caller's variable.
    ("map_it(tx, frag, &addr);\n\tbuf->dma = addr;", OF_MEMBER, "", MAPPED, (OF_MEMBER,)),
    # Nothing is seen to unmap it, and nothing here knows how.
    (MAP, "", "", "", ("skb_frag_dma_map",)),
])
def test_frags_that_are_unmapped_as_pages(
        map_: str, done: str, down: str, here: str, places: tuple[str, ...],
        tmp_path: Path) -> None:
    found = judged(tmp_path, map_, done, down, here)
    assert (found.status, found.basis) == (Standing.UNMET, Basis.RAW_UNMAP)
    assert len(found.evidence) == len(places)
    assert all(one in place.text for one, place in zip(places, found.evidence, strict=True))


@pytest.mark.parametrize(("map_", "places"), [
    (ADDRESS, ("dma_map_single",)),
    ("skb_to_sgvec(skb, NULL, 0, 64);", ("skb_to_sgvec",)),
    (ADDRESS + "\n\t" + SET, ("dma_map_single", "dma_unmap_single")),
])
def test_frags_that_are_mapped_by_their_pages(
        map_: str, places: tuple[str, ...], tmp_path: Path) -> None:
    found = judged(tmp_path, map_)
    assert (found.status, found.basis) == (Standing.UNMET, Basis.BY_ADDRESS)
    assert all(one in place.text for one, place in zip(places, found.evidence, strict=True))


def test_what_xdp_sends_is_no_frag_of_the_stack(tmp_path: Path) -> None:
    assert judged(tmp_path, NETMEM_SET, NETMEM, "", XDP).status is Standing.MET
    assert judged(tmp_path, NETMEM_SET, NETMEM, "", XDP.replace("xdp", "old")).status is \
        Standing.UNMET


def test_an_unmap_that_is_not_seen_where_the_driver_knows_netmem(tmp_path: Path) -> None:
    found = judged(tmp_path, MAP + "keep(addr);", NETMEM)
    assert (found.status, found.basis) == (Standing.UNKNOWN, Basis.RAW_UNMAP)
