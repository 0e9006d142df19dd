# SPDX-License-Identifier: GPL-2.0-only
"""Reads of received memory in drivers that sync it for the CPU, and that do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_tools import check_found, check_left_alone

from netmem_migrate.check.sources import check_sources

HEAD = """
struct demo_slot {
	struct page *page;
	struct page *spare;
};

struct demo_ring {
	struct page_pool *pool;
	struct device *dev;
	struct demo_slot slots[16];
};

struct demo_head {
	u32 type;
};
"""


def pool(flags: str = "PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV",
         way: str = "DMA_FROM_DEVICE") -> str:
    """A function that makes a pool."""
    return ("static struct page_pool *demo_pool(struct device *dev, int flags, int way)\n{\n"
            f"\tstruct page_pool_params params = {{\n\t\t.flags = {flags},\n\t\t.dma_dir = {way},\n"
            "\t\t.max_len = PAGE_SIZE,\n\t\t.dev = dev,\n\t};\n\n"
            "\treturn page_pool_create(&params);\n}\n")


FILL = """
static int demo_fill(struct demo_ring *ring, __le64 *addr, int i)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	if (!page)
		return -ENOMEM;
	ring->slots[i].page = page;
	*addr = cpu_to_le64(page_pool_get_dma_addr(page));
	return 0;
}
"""


def receive(code: str) -> str:
    """A function that receives."""
    text = "\n".join("\t" + line for line in code.splitlines())
    return ("static u32 demo_receive(struct demo_ring *ring, struct sk_buff *skb, "
            "struct demo_slot *slot, struct xdp_buff *xdp, int i, u32 len)\n{\n"
            "\tstruct demo_head *head;\n\tstruct page *page;\n"
            f"\tvoid *va;\n\n{text}\n\treturn 0;\n}}\n")


COPY = "skb_put_data(skb, page_address(slot->page), len);"
GOOD = pool() + FILL
FOUND = {
    "a copy": GOOD + receive(COPY),
    "by a local": GOOD + receive(
        "page = ring->slots[i].page;\nmemcpy(xdp, page_address(page), 4);"),
    "a packet": GOOD + receive("napi_build_skb(page_address(slot->page), PAGE_SIZE);"),
    "an XDP buffer": GOOD + receive(
        "xdp_prepare_buff(xdp, page_address(slot->page), 64, len, false);"),
    "an access": GOOD + receive("head = page_address(slot->page);\nreturn head->type;"),
    "a byte": GOOD + receive("va = page_address(slot->page);\nreturn *(u8 *)(va + 4);"),
    "both ways": pool(way="DMA_BIDIRECTIONAL") + FILL + receive(COPY),
    "an unmap of what is sent": GOOD + receive(
        COPY + "\ndma_unmap_single(ring->dev, 0, len,\n\t\tDMA_TO_DEVICE);"),
    "a sync for the device": GOOD + receive(
        COPY + "\ndma_sync_single_for_device(ring->dev, 0, len, DMA_FROM_DEVICE);"),
    "a comment on it": GOOD + receive("/* no dma_sync_single_for_cpu() here */\n" + COPY),
}
LEFT_ALONE = {
    "the pool's sync": GOOD + receive(
        "page_pool_dma_sync_for_cpu(ring->pool, slot->page, 0, len);\n" + COPY),
    "a raw sync": GOOD + receive(
        "dma_sync_single_for_cpu(ring->dev, 0, len, DMA_FROM_DEVICE);\n" + COPY),
    "a sync in a macro": "#define DEMO_SYNC(r, l) dma_sync_single_for_cpu((r)->dev, 0, l, 2)\n"
    + GOOD + receive("DEMO_SYNC(ring, len);\n" + COPY),
    "an unmap": GOOD + receive("dma_unmap_page(ring->dev, 0, len, DMA_FROM_DEVICE);\n" + COPY),
    "an unmap of what is not said": GOOD + receive(
        "dma_unmap_page(ring->dev, 0, len, len ? 1 : 2);\n" + COPY),
    "a sync of its own name": GOOD + receive("demo_sync_for_cpu(slot);\n" + COPY),
    "a pool without DMA": pool(flags="0") + FILL + receive(COPY),
    "a pool that may be without DMA": pool(flags="way ? PP_FLAG_DMA_MAP : 0") + FILL + receive(
        COPY),
    "flags of somebody else": pool(flags="flags") + FILL + receive(COPY),
    "a pool for what is sent": pool(way="DMA_TO_DEVICE") + FILL + receive(COPY),
    "one pool without DMA": GOOD + pool(flags="0").replace("demo_pool", "demo_other") + receive(
        COPY),
    "no pool": FILL + receive(COPY),
    "no address for the device": pool() + FILL.replace(
        "page_pool_get_dma_addr(page)", "0") + receive(COPY),
    "another member": GOOD + receive(COPY.replace("slot->page", "slot->spare")),
    "what was just taken": GOOD + receive(
        "page = page_pool_dev_alloc_pages(ring->pool);\nif (!page)\n\treturn 1;\n"
        "skb_put_data(skb, page_address(page), len);\nslot->page = page;"),
    "a member of other pages, too": GOOD + receive("slot->page = alloc_page(0);\n" + COPY),
    "the CPU writes": GOOD + receive(
        "memcpy(page_address(slot->page), xdp, 4);\nhead = page_address(slot->page);\n"
        "head->type = 0;"),
    "a prefetch": GOOD + receive("prefetch(page_address(slot->page));"),
    "its address only": GOOD + receive("va = page_address(slot->page) + 64;\nskb->data = va;"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("no-cpu-sync", HEAD + FOUND[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(HEAD + LEFT_ALONE[name])


def test_it_says_what_reads_and_where_the_memory_is_given_away() -> None:
    files = {"demo.h": HEAD.encode(), "fill.c": (pool() + FILL).encode(),
             "receive.c": receive(COPY).encode()}
    (one,) = check_sources(files)
    assert one.message.startswith("skb_put_data() reads `page` of struct demo_slot, which the "
                                  "device is given (fill.c:20), and nothing")
    assert [(at.file, at.line) for at in one.path] == [("fill.c", 20), ("receive.c", 7)]


SYNCS = b"void demo_next(struct page *page)\n{\n\tdma_sync_single_for_cpu(0, 0, 0, 0);\n}\n"
NEXT = receive("demo_next(slot->page);\n" + COPY).replace("static u32", "u32").encode()


@pytest.mark.parametrize(("path", "text", "said"), [
    ("drivers/net/demo/other.c", SYNCS, False),
    ("drivers/net/demo/other.c", SYNCS.replace(b"demo_next", b"demo_odd"), True),
    ("drivers/lib/demo.c", SYNCS + b"EXPORT_SYMBOL_GPL(demo_next);\n", False),
    ("drivers/lib/demo.c", SYNCS, True),
    ("drivers/lib/demo.c", SYNCS.replace(b"dma_sync", b"demo_sync").replace(b"for_cpu", b"")
     + b"EXPORT_SYMBOL_GPL(demo_next);\n", True),
    ("include/linux/demo.h", b"static inline " + SYNCS, False),
    ("include/linux/demo.h", b"#define demo_next(p) \\\n\tdemo_more(p)\n#define demo_more(p) \\\n"
     b"\tdma_sync_single_for_cpu(p, 0, 0, 0)\n", False),
    ("include/linux/demo.h", b"static inline " + SYNCS.replace(b"demo_next", b"demo_odd"), True),
])
def test_what_a_library_does_counts(path: str, text: bytes, said: bool, tmp_path: Path) -> None:
    """What is beside the driver is looked into where the driver calls it."""
    driver = b"#include <linux/demo.h>\n" + (HEAD + pool() + FILL).encode() + NEXT
    for name, data in (("drivers/net/demo/main.c", driver), (path, text)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    found = check_sources({"drivers/net/demo/main.c": driver}, root=tmp_path)
    assert [one.id for one in found] == ["no-cpu-sync"] * said


def test_another_module_of_the_folder_counts_nothing(tmp_path: Path) -> None:
    files = {"demo/main.c": (HEAD + pool() + FILL + receive(COPY)).encode(),
             "demo/other.c": SYNCS.replace(b"demo_next", b"demo_other")}
    (tmp_path / "demo").mkdir()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    makefile = tmp_path / "demo/Makefile"
    makefile.write_text("obj-m += one.o two.o\none-y := main.o\ntwo-y := other.o\n")
    assert [one.id for one in check_sources(files, root=tmp_path)] == ["no-cpu-sync"]
    makefile.write_text("obj-m += one.o\none-y := main.o other.o\n")
    assert check_sources(files, root=tmp_path) == ()
