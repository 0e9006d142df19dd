# SPDX-License-Identifier: GPL-2.0-only
"""Syncs that start where the device writes, before it, and behind."""

from __future__ import annotations

import pytest
from rule_tools import check_found, check_left_alone

from netmem_migrate.check.sources import check_sources

HEAD = """
#define DEMO_ROOM 64
#define DEMO_NONE 0

struct demo_desc {
	u64 addr;
	u32 len;
};

struct demo_slot {
	struct page *page;
	dma_addr_t dma;
	unsigned int offset;
};

struct demo_ring {
	struct page_pool *pool;
	struct device *dev;
	struct page *page[16];
	struct demo_slot slots[16];
	struct demo_desc *descs;
};
"""
TAKE = """
	page = page_pool_dev_alloc_pages(ring->pool);
	if (!page)
		return -ENOMEM;
"""


def fill(more: str = " + DEMO_ROOM", to: str = "*addr") -> str:
    """A refill: the address goes to what fills a descriptor."""
    return ("static int demo_fill(struct demo_ring *ring, u64 *addr, int i)\n{\n"
            "\tstruct page *page;\n" + TAKE + "\tring->page[i] = page;\n"
            f"\t{to} = page_pool_get_dma_addr(page){more};\n\treturn 0;\n}}\n")


def refill(more: str = "", given: str = " + DEMO_ROOM") -> str:
    """A refill that keeps the address in a member."""
    return ("static int demo_refill(struct demo_ring *ring, int i)\n{\n"
            "\tstruct demo_slot *slot = &ring->slots[i];\n\tstruct page *page;\n" + TAKE +
            "\tslot->page = page;\n"
            f"\tslot->dma = page_pool_get_dma_addr(page){more};\n"
            f"\tring->descs[i].addr = cpu_to_le64(slot->dma{given});\n\treturn 0;\n}}\n")


def receive(code: str) -> str:
    """A function that receives."""
    text = "\n".join("\t" + line for line in code.splitlines())
    return ("static void demo_receive(struct demo_ring *ring, struct sk_buff *skb, "
            "struct xdp_buff *xdp, int i, u32 len)\n{\n"
            "\tstruct demo_desc *desc = &ring->descs[i];\n"
            "\tstruct demo_slot *slot = &ring->slots[i];\n"
            f"\tstruct page *page = ring->page[i];\n{text}\n}}\n")


def sync(more: str = " + DEMO_ROOM", way: str = "DMA_FROM_DEVICE",
         address: str = "desc->addr") -> str:
    """A raw sync."""
    return f"dma_sync_single_for_cpu(ring->dev, {address}{more}, len, {way});\n"


def pool(offset: str = "DEMO_ROOM") -> str:
    """A function that makes the pool."""
    return ("static struct page_pool *demo_pool(struct demo_ring *ring, u32 room)\n{\n"
            "\tstruct page_pool_params params = {\n"
            "\t\t.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,\n\t\t.max_len = PAGE_SIZE,\n"
            f"\t\t.offset = {offset},\n\t\t.dev = ring->dev,\n\t}};\n\n"
            "\treturn page_pool_create(&params);\n}\n")


def send(code: str) -> str:
    """A function that maps and syncs a buffer of its own."""
    return ("static int demo_send(struct demo_ring *ring, struct demo_mail *mail, int i)\n{\n"
            f"\tdma_addr_t dma;\n\n\t{code}\n"
            "\tdma_sync_single_for_cpu(ring->dev, mail->dma, 64, DMA_FROM_DEVICE);\n"
            "\treturn 0;\n}\n")


MAIL = "struct demo_mail {\n\tdma_addr_t dma;\n};\n"
POOLS = "page_pool_dma_sync_for_cpu(ring->pool, page, DEMO_ROOM, len);\n"
READ = "demo_parse(page_address(page) + DEMO_ROOM);"
OF_SLOT = "demo_parse(page_address(slot->page) + DEMO_ROOM);"
FOUND = {
    "twice the room": fill() + receive(sync() + READ),
    "by a range": fill() + receive(
        "dma_sync_single_range_for_cpu(ring->dev, desc->addr, DEMO_ROOM, len, DMA_FROM_DEVICE);\n"
        + READ),
    "by a number": fill(" + 64") + receive(
        sync(" + 64") + "skb_put_data(skb, page_address(page) + 64, len);"),
    "an XDP buffer is begun there": fill() + receive(
        sync() + "xdp_prepare_buff(xdp, page_address(page), DEMO_ROOM, len, false);"),
    "an address in a local": fill() + receive(
        "u64 dma = desc->addr;\nvoid *va = page_address(page);\n" + sync(address="dma")
        + "demo_parse(va + DEMO_ROOM);"),
    "the pool's own address": fill() + receive(
        sync(" + 2 + DEMO_ROOM", address="page_pool_get_dma_addr(page)") + READ),
    "a member of the driver": refill() + receive(
        sync(" + DEMO_ROOM + DEMO_ROOM", address="slot->dma") + OF_SLOT),
    "a member that holds the room already": refill(" + DEMO_ROOM", "") + receive(
        sync(address="slot->dma") + OF_SLOT),
    "the pool's sync, which adds the room itself": pool() + fill() + receive(POOLS + READ),
    "the CPU reads in another function": fill() + receive(sync()) + receive(READ).replace(
        "demo_receive", "demo_build"),
    "a sync of what the driver maps itself": MAIL + fill() + receive(
        sync(address="slot->dma", more=" + DEMO_ROOM + DEMO_ROOM") + OF_SLOT) + refill() + send(
        "mail->dma = dma_map_single(ring->dev, ring, 64, DMA_FROM_DEVICE);"),
    "netmem": fill().replace("struct page *page", "netmem_ref page").replace(
        "alloc_pages", "alloc_netmems").replace("dma_addr(", "dma_addr_netmem(") + receive(
        sync() + READ).replace("struct page *page", "netmem_ref page").replace(
        "page_address", "netmem_address"),
}
LEFT_ALONE = {
    "right there": fill() + receive(sync("") + READ),
    "before it": fill() + receive(sync(" - 2") + READ),
    "for the device": fill() + receive(sync(way="DMA_TO_DEVICE") + READ),
    "the CPU reads further on, too": fill("") + receive(sync() + READ),
    "the CPU reads nothing": fill() + receive(sync() + "prefetch(page_address(page) + DEMO_ROOM);"),
    "the CPU reads before": fill() + receive(READ + "\n" + sync()),
    "the rest, after a sync of the first part": fill() + receive(sync("") + sync() + READ),
    "the first part is the pool's": fill() + receive(
        "page_pool_dma_sync_for_cpu(ring->pool, page, 0, DEMO_ROOM);\n" + sync() + READ),
    "a member of the driver, right there": refill() + receive(
        sync(address="slot->dma") + OF_SLOT),
    "an offset that varies": fill() + receive(sync(" + slot->offset") + READ),
    "a constant that is nothing": fill() + receive(sync(" + DEMO_NONE") + READ),
    "the device is given two": fill() + fill("").replace("demo_fill", "demo_more") + receive(
        sync() + READ),
    "the driver sets the field": fill(to="ring->descs[i].addr") + receive(sync() + READ),
    "what the device is given is not followed": fill(" + demo_room(ring)") + receive(
        sync() + READ),
    "memory that is no pool's": fill() + receive(
        sync() + READ.replace("page_address(page)", "page_address(virt_to_page(skb->data))")),
    "the pool's sync from its own offset": pool() + fill() + receive(
        POOLS.replace("DEMO_ROOM", "0") + READ),
    "the pool's sync, where the pool has no offset": pool("0") + fill() + receive(POOLS + READ),
    "the pool's sync, where the offset is not followed": pool("room") + fill() + receive(
        POOLS + READ),
    "a pool of another offset": pool() + pool("0").replace("demo_pool", "demo_other") + fill()
    + receive(POOLS + READ),
    "the start of the buffer, given as such": fill("") + receive(
        sync() + "demo_parse(page_address(page));"),
    "a sync of an address that is kept twice": MAIL + refill() + receive(
        sync(address="slot->dma", more=" + DEMO_ROOM + DEMO_ROOM") + OF_SLOT) + send(
        "mail->dma = ring->slots[i].dma;"),
    "no refill in sight": receive(sync() + READ),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    code = FOUND[name]
    head = HEAD if name != "netmem" else HEAD.replace("struct page *page", "netmem_ref page")
    check_found("sync-elsewhere", head + code)


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(HEAD + LEFT_ALONE[name])


def test_each_side_is_said_with_its_line() -> None:
    files = {"demo.h": HEAD.encode(), "fill.c": fill().encode(),
             "receive.c": receive(sync() + READ).encode()}
    (one,) = check_sources(files)
    assert one.message == (
        "the sync starts at buffer + DEMO_ROOM + DEMO_ROOM, but the device is given buffer + "
        "DEMO_ROOM (fill.c:9), where the CPU reads (receive.c:7): ask the owner why the first "
        "bytes are not synced")
    assert [(at.file, at.line) for at in one.path] == [
        ("fill.c", 9), ("receive.c", 6), ("receive.c", 7)]
