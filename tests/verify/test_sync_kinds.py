# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a sync whose address no member keeps, or a descriptor that a pointer walks to."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_tools import DRIVER, HELPERS_H
from tools import plant

from netmem_migrate.api import migrate
from netmem_migrate.c.parse import parse
from netmem_migrate.flow.sync.text import synced
from netmem_migrate.report import wording
from netmem_migrate.results import FileChange, Migration
from netmem_migrate.verify import ObjectProof, Status, Way, verify_changes

DMA = """\
typedef unsigned long long dma_addr_t;
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned int __le32;
enum dma_data_direction { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE };
struct device;
struct page_pool_params {
	struct device *dev;
	enum dma_data_direction dma_dir;
	unsigned int offset;
};
struct page_pool *page_pool_create(const struct page_pool_params *params);
dma_addr_t page_pool_get_dma_addr_netmem(netmem_ref netmem) __attribute__((pure));
void page_pool_dma_sync_netmem_for_cpu(const struct page_pool *pool, const netmem_ref netmem,
				       u32 offset, u32 dma_sync_size);
void dma_sync_single_for_cpu(struct device *dev, dma_addr_t addr, unsigned long size,
			     enum dma_data_direction dir);
#define cpu_to_le32(x) ((__le32)(x))
#define le32_to_cpu(x) ((u32)(x))
#endif
"""
CREATE = """\
void demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
		.offset = DEMO_PAD,
	};

	ring->pool = page_pool_create(&params);
}

"""
TAKEN = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>
#define DEMO_PAD 128

struct demo_buf {
	netmem_ref netmem;
	u32 offset;
};

struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
	struct demo_buf *bufs;
};

""" + CREATE + """\
int demo_fill(struct demo_ring *ring, int i, __le32 *desc)
{
	struct demo_buf *buf = &ring->bufs[i];

	buf->netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!buf->netmem)
		return -12;

	*desc = cpu_to_le32(page_pool_get_dma_addr_netmem(buf->netmem) + DEMO_PAD + buf->offset);
	return 0;
}

void demo_rx(struct demo_ring *ring, int i, struct sk_buff *skb, u32 len)
{
	struct demo_buf *buf = &ring->bufs[i];
	dma_addr_t dma;

	dma = page_pool_get_dma_addr_netmem(buf->netmem) + DEMO_PAD;
	dma += buf->offset;
	dma_sync_single_for_cpu(ring->dev, dma, len, DMA_FROM_DEVICE);
	skb_add_rx_frag_netmem(skb, 0, buf->netmem, DEMO_PAD, len);
	buf->netmem = 0;
}
"""
WALKED = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>
#define DEMO_PAD 128
#define demo_to_cpu le32_to_cpu
#define IS_EITHER(a, b) ((a) >= (b) && (a) <= (b) + 8)

#ifdef CONFIG_DEMO_SWAP
struct demo_desc {
	__le32 addr;
	u32 status;
};
#else
struct demo_desc {
	u32 status;
	__le32 addr;
};
#endif

struct demo_walk {
	struct demo_desc *base;
	struct demo_desc *last;
	struct demo_desc *cur;
	u32 size;
	u32 shift;
};

struct demo_buf {
	netmem_ref netmem;
};

struct demo_ring {
	struct demo_walk walk;
	struct demo_buf bufs[64];
	struct page_pool *pool;
	struct device *dev;
};

static struct demo_desc *demo_next(struct demo_desc *at, struct demo_walk *walk)
{
	return at >= walk->last ? walk->base :
		(struct demo_desc *)((void *)at + walk->size);
}

static int demo_number(struct demo_desc *at, struct demo_walk *walk)
{
	return ((const char *)at - (const char *)walk->base) >> walk->shift;
}

""" + CREATE + """\
static int demo_refill(struct demo_ring *ring, struct demo_desc *at, int i)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(ring->pool);

	if (!netmem)
		return -12;

	ring->bufs[i].netmem = netmem;
	at->addr = cpu_to_le32(page_pool_get_dma_addr_netmem(netmem) + DEMO_PAD);
	return 0;
}

void demo_rx(struct demo_ring *ring, struct sk_buff *skb, u16 len)
{
	struct demo_desc *at = ring->walk.cur;
	netmem_ref netmem;
	dma_addr_t dma;
	int i;

	while (at->status) {
		i = demo_number(at, &ring->walk);
		netmem = ring->bufs[i].netmem;
		dma = demo_to_cpu(at->addr);
		if (demo_refill(ring, at, i))
			break;

		dma_sync_single_for_cpu(ring->dev, dma, len, DMA_FROM_DEVICE);
		skb_add_rx_frag_netmem(skb, 0, netmem, DEMO_PAD, len);
		at = demo_next(at, &ring->walk);
	}
	ring->walk.cur = at;
}
"""


def driver(root: Path, text: str) -> Migration:
    plant(root, {DRIVER: text,
                 "include/net/page_pool/helpers.h": HELPERS_H.replace("#endif\n", DMA)})
    whole = migrate([root / "drivers/net/demo"], wanted=("sync",))
    assert not whole.stopped
    return whole.drivers[0]


def prove(root: Path, text: str, old: str = "", new: str = "") -> ObjectProof:
    """The proof of the step, with something in its patch spelled otherwise."""
    (step,) = driver(root, text).steps
    (change,) = step.changes
    after = change.after.replace(old.encode(), new.encode()) if old else change.after
    assert not old or after != change.after
    (proof,) = verify_changes(root, [FileChange(change.path, change.before, after)], jobs=2)
    return proof


@pytest.mark.parametrize(("text", "call"), [
    (TAKEN, "(ring->pool, buf->netmem, buf->offset,"),
    (WALKED, "(ring->pool, netmem, 0, len)"),
    (WALKED.replace("DEMO_SWAP\n", "DEMO_SWAP_NEVER\n"), "(ring->pool, netmem, 0, len)")])
def test_the_sync_is_proven_and_the_address_goes(text: str, call: str, kernel_tree: Path) -> None:
    (step,) = driver(kernel_tree, text).steps
    after = step.changes[0].after.decode()
    assert f"page_pool_dma_sync_netmem_for_cpu{call}" in after
    assert "dma_addr_t dma;" not in after
    proof = prove(kernel_tree, text)
    assert proof.proven and proof.way is Way.SYNC, proof


def test_what_is_taken_for_granted_is_said(kernel_tree: Path) -> None:
    said = prove(kernel_tree, WALKED).assumes
    assert "a descriptor of struct demo_ring has the number of its place in the walk" in said
    assert "of the struct demo_ring.pool" in said


FAULTS = {
    "another buffer": (WALKED, "ring->pool, netmem, 0", "ring->pool, ring->bufs[0].netmem, 0"),
    "an offset": (WALKED, "netmem, 0, len", "netmem, 8, len"),
    "another length": (WALKED, "0, len)", "0, len + 1)"),
    "the offset dropped": (TAKEN, "buf->netmem, buf->offset", "buf->netmem, 0"),
    "the pool's offset twice": (TAKEN, "buf->netmem, buf->offset",
                                "buf->netmem, buf->offset + DEMO_PAD"),
    "the buffer behind": (TAKEN, "ring->pool, buf->netmem", "ring->pool, buf[1].netmem"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_call_makes_the_code_differ(name: str, kernel_tree: Path) -> None:
    text, old, new = FAULTS[name]
    proof = prove(kernel_tree, text, f"for_cpu({old}" if old.startswith("ring") else old,
                  f"for_cpu({new}" if old.startswith("ring") else new)
    assert proof.way is Way.SYNC and proof.identity.status is Status.FAIL
    assert any("the code differs" in one for one in proof.identity.details), proof.identity


RX = "\t\tdma = demo_to_cpu(at->addr);\n"


def test_a_macro_may_name_the_address_twice(kernel_tree: Path) -> None:
    text = WALKED.replace(RX, RX + "\t\tif (IS_EITHER(demo_to_cpu(at->addr), 4096))\n"
                          "\t\t\tbreak;\n")
    assert prove(kernel_tree, text).proven


HIDDEN = {
    "a macro that sets what it is given": RX + "\t\tSET(at->addr);\n",
    "an arm that is not compiled": RX + "#ifdef CONFIG_NEVER\n\t\t(void)at->addr;\n#endif\n",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_compiler_and_parser_have_to_agree(name: str, kernel_tree: Path) -> None:
    text = WALKED.replace(RX, HIDDEN[name]).replace("#define IS_EITHER", (
        "#define SET(a) ((void)(a), (a) = 0)\n#define IS_EITHER"))
    proof = prove(kernel_tree, text)
    assert proof.identity.status is Status.FAIL
    assert any("compiler and parser" in one for one in proof.identity.details), proof.identity


def test_a_macro_that_is_given_a_descriptor_refuses(kernel_tree: Path) -> None:
    text = WALKED.replace(RX, RX + "\t\tLOOK(at, addr);\n").replace(
        "#define IS_EITHER", "#define LOOK(a, m) ((void)(a)->m)\n#define IS_EITHER")
    found = driver(kernel_tree, text)
    assert not found.steps
    assert "more is done with the descriptors" in wording.undone(found.report.undone[0])


def test_a_local_stays_that_the_new_call_uses(kernel_tree: Path) -> None:
    text = TAKEN.replace("dma_addr_t dma;", "dma_addr_t dma;\n\tu32 size = buf->offset;").replace(
        "dma, len, DMA", "dma, size, DMA")
    (step,) = driver(kernel_tree, text).steps
    assert b"u32 size = buf->offset;" in step.changes[0].after
    assert prove(kernel_tree, text).proven


def test_a_local_stays_that_a_function_sets(kernel_tree: Path) -> None:
    text = WALKED.replace("#define demo_to_cpu le32_to_cpu\n", "").replace(
        "static struct demo_desc *demo_next", "u32 demo_to_cpu(__le32 addr);\n\n"
        "static struct demo_desc *demo_next")
    found = driver(kernel_tree, text)
    assert not found.steps
    assert "(S" in wording.undone(found.report.undone[0])


def test_what_goes_with_a_local_is_told() -> None:
    before = WALKED.replace("demo_to_cpu(at->addr)", "demo_read(at)")
    after = before.replace("\tdma_addr_t dma;\n", "").replace("\t\tdma = demo_read(at);\n", "")
    after = after.replace("dma_sync_single_for_cpu(ring->dev, dma, len, DMA_FROM_DEVICE)",
                          "page_pool_dma_sync_netmem_for_cpu(ring->pool, netmem, 0, len)")
    found = synced({"d.c": parse(before.encode())}, {"d.c": parse(after.encode())})
    assert found is not None and found.called["d.c"] == {b"demo_read"}
