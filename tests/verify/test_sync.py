# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a sync through the pool: gcc compares the calls, and lists uses of the member."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_tools import refused, run
from kernel_tools import DRIVER, HELPERS_H
from tools import plant

from netmem_migrate.api import migrate
from netmem_migrate.results import FileChange, Step
from netmem_migrate.verify import ObjectProof, Status, Way, verify_changes

DMA = """\
typedef unsigned long long dma_addr_t;
typedef unsigned int u32;
typedef unsigned long long __le64;
enum dma_data_direction { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE };
struct device;
struct page_pool_params {
	struct device *dev;
	enum dma_data_direction dma_dir;
	unsigned int offset;
};
struct page_pool *page_pool_create(const struct page_pool_params *params);
dma_addr_t page_pool_get_dma_addr_netmem(netmem_ref netmem);
static inline dma_addr_t page_pool_get_dma_addr(const struct page *page)
{
	return page_pool_get_dma_addr_netmem(page_to_netmem(page));
}
void page_pool_dma_sync_netmem_for_cpu(const struct page_pool *pool, const netmem_ref netmem,
				       u32 offset, u32 dma_sync_size);
static inline void page_pool_dma_sync_for_cpu(const struct page_pool *pool,
					      const struct page *page, u32 offset,
					      u32 dma_sync_size)
{
	page_pool_dma_sync_netmem_for_cpu(pool, page_to_netmem(page), offset, dma_sync_size);
}
void dma_sync_single_for_cpu(struct device *dev, dma_addr_t addr, unsigned long size,
			     enum dma_data_direction dir);
void dma_sync_single_range_for_cpu(struct device *dev, dma_addr_t addr, unsigned long offset,
				   unsigned long size, enum dma_data_direction dir);
#define cpu_to_le64(x) ((__le64)(x))
#endif
"""
NAME = "drivers/net/demo/demo.h"
HEADER = """\
#ifndef DEMO_H
#define DEMO_H
#include <net/page_pool/helpers.h>
#define DEMO_PAD 128

struct demo_buf {
	netmem_ref netmem;
	dma_addr_t dma;
	u32 offset;
};

struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
	struct page_pool *other;
	struct demo_buf *bufs;
};
#endif
"""
SOURCE = """\
#include <linux/skbuff.h>
#include "demo.h"

void demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
		.offset = DEMO_PAD,
	};

	ring->pool = page_pool_create(&params);
}

int demo_fill(struct demo_ring *ring, int i, u32 offset, __le64 *desc)
{
	struct demo_buf *buf = &ring->bufs[i];

	buf->netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!buf->netmem)
		return -12;

	buf->dma = page_pool_get_dma_addr_netmem(buf->netmem) + DEMO_PAD + offset;
	buf->offset = offset;
	*desc = cpu_to_le64(buf->dma);
	return 0;
}

void demo_rx(struct demo_ring *ring, int i, struct sk_buff *skb, u32 len)
{
	struct demo_buf *buf = &ring->bufs[i];
	struct device *dev = ring->dev;

	dma_sync_single_for_cpu(dev, buf->dma, len, DMA_FROM_DEVICE);
	skb_add_rx_frag_netmem(skb, 0, buf->netmem, DEMO_PAD, len);
	buf->netmem = 0;
}
"""
OTHER = "drivers/net/demo/more.c"
MORE = """\
#include "demo.h"

dma_addr_t demo_more(struct demo_buf *buf);

dma_addr_t demo_more(struct demo_buf *buf)
{
	return buf->netmem;
}
"""
NEW = "page_pool_dma_sync_netmem_for_cpu(ring->pool, buf->netmem, buf->offset, len)"


@pytest.fixture
def tree(kernel_tree: Path) -> Path:
    """A driver of two files that syncs by the address that it keeps."""
    command = (kernel_tree / "drivers/net/demo/.demo.o.cmd").read_text()
    return plant(kernel_tree, {
        DRIVER: SOURCE, NAME: HEADER, OTHER: MORE,
        "include/net/page_pool/helpers.h": HELPERS_H.replace("#endif\n", DMA),
        "drivers/net/demo/Makefile": "obj-y += demo.o more.o\n",
        "drivers/net/demo/.more.o.cmd": command.replace("demo.o", "more.o").replace(
            "demo/demo.c", "demo/more.c")})


def step(tree: Path) -> Step:
    whole = migrate([tree / "drivers/net/demo"], wanted=("sync",))
    assert not whole.stopped
    (only,) = whole.drivers[0].steps
    return only


def prove(tree: Path, changes: list[FileChange]) -> ObjectProof:
    (proof,) = verify_changes(tree, changes, jobs=2)
    return proof


def spelled(one: Step, old: str, new: str) -> list[FileChange]:
    changed = [FileChange(change.path, change.before,
                          change.after.replace(old.encode(), new.encode()))
               for change in one.changes]
    assert [change.after for change in changed] != [change.after for change in one.changes]
    return changed


def call(text: str) -> str:
    """A call as it stands in the text."""
    return text.replace("buf->offset, len)", "buf->offset,\n\t\t\t\t\t  len)")


def test_the_sync_is_proven(tree: Path) -> None:
    made = step(tree)
    assert call(NEW).encode() in made.changes[0].after
    assert b"struct device *dev" not in made.changes[0].after.split(b"demo_rx")[1]
    proof = prove(tree, list(made.changes))
    assert proof.proven and proof.way is Way.SYNC, proof
    assert "struct demo_buf.netmem" in proof.assumes


FAULTS = {
    "the offset dropped": NEW.replace("buf->offset", "0"),
    "the pool's offset twice": NEW.replace("buf->offset", "buf->offset + DEMO_PAD"),
    "the offset doubled": NEW.replace("buf->offset", "2 * buf->offset"),
    "the offset of another buffer": NEW.replace("buf->offset", "buf[1].offset"),
    "below the pool's offset": NEW.replace("buf->offset", "buf->offset - DEMO_PAD"),
    "another buffer": NEW.replace("buf->netmem", "buf[1].netmem"),
    "another length": NEW.replace("len", "len + 1"),
    "swapped": NEW.replace("buf->offset, len", "len, buf->offset"),
    "another pool": NEW.replace("ring->pool", "ring->other"),
}


@pytest.mark.few(3)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_call_makes_the_code_differ(name: str, tree: Path) -> None:
    proof = prove(tree, spelled(step(tree), call(NEW), FAULTS[name]))
    assert proof.way is Way.SYNC and proof.identity.status is Status.FAIL
    assert any("the code differs" in one for one in proof.identity.details)


def test_a_patch_that_does_more_is_not_of_this_way(tree: Path) -> None:
    proof = prove(tree, spelled(step(tree), "buf->netmem = 0;", "buf->netmem = 1;"))
    assert proof.way is None and not proof.proven


def test_a_command_writes_what_is_proven(tree: Path) -> None:
    done = run("diff", "--with", "sync", str(tree / "drivers/net/demo"))
    assert done.code == 0, done.err
    assert b"+\tpage_pool_dma_sync_netmem_for_cpu(" in done.out


def test_a_command_writes_nothing_that_is_not(tree: Path) -> None:
    (tree / OTHER).write_text(MORE.replace("buf->netmem;", "buf->dma;"))
    refused(run("apply", "--with", "sync", "-q", str(tree / "drivers/net/demo")),
            "is not proven", code=5)
    assert (tree / DRIVER).read_text() == SOURCE


ELSEWHERE = {
    "set in another file": ("return buf->netmem;", "return buf->dma = 0;", "S1"),
    "used in another file": ("return buf->netmem;", "return buf->dma;", "is not compiled"),
    "set by a macro": ("return buf->netmem;", "SET(buf); return 0;", "S1"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_done_elsewhere_with_the_address_counts(name: str, tree: Path) -> None:
    made = step(tree)
    old, new, said = ELSEWHERE[name]
    macro = "\n#define SET(b) ((b)->dma = 0)\n" if "SET" in new else ""
    (tree / OTHER).write_text(MORE.replace(old, new).replace("\n\n", f"\n{macro}\n", 1))
    proof = prove(tree, list(made.changes))
    assert proof.identity.status is Status.FAIL
    assert any(said in one for one in proof.identity.details), proof.identity


HIDDEN = {
    "a use that the parser does not see": (
        "\tbuf->netmem = 0;\n", "\tbuf->netmem = 0;\n\tif (0)\n\t\tLOOK(buf, dma);\n"),
    "a use of the buffer that the parser does not see": (
        "\tbuf->netmem = 0;\n", "\tbuf->netmem = 0;\n\tif (0)\n\t\tLOOK(buf, netmem);\n"),
    "a use of what is added that the parser does not see": (
        "\tbuf->netmem = 0;\n", "\tbuf->netmem = 0;\n\tif (0)\n\t\tLOOK(buf, offset);\n"),
    "a use in an arm that is not compiled": (
        "\tbuf->netmem = 0;\n",
        "\tbuf->netmem = 0;\n#ifdef CONFIG_NEVER\n\t(void)buf->dma;\n#endif\n"),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_compiler_and_parser_have_to_agree(name: str, tree: Path) -> None:
    old, new = HIDDEN[name]
    text = SOURCE.replace(old, new).replace(
        '#include "demo.h"\n', '#include "demo.h"\n\n#define LOOK(b, m) ((void)(b)->m)\n')
    (tree / DRIVER).write_text(text)
    made = step(tree)
    proof = prove(tree, list(made.changes))
    assert proof.identity.status is Status.FAIL
    assert any("compiler and parser" in one for one in proof.identity.details), proof.identity


TWO_HEADER = HEADER.replace("struct demo_buf {", """\
typedef unsigned int __le32;
#define cpu_to_le32(x) ((__le32)(x))
#define le32_to_cpu(x) ((u32)(x))
void *kcalloc(unsigned long n, unsigned long size, unsigned int gfp);

struct demo_desc {
	__le32 addr;
	__le32 status;
};

struct demo_buf {""").replace("\tdma_addr_t dma;\n", "").replace(
    "\tstruct demo_buf *bufs;\n", "\tstruct demo_buf *bufs;\n\tstruct demo_desc *descs;\n")
TWO = SOURCE[:SOURCE.index("int demo_fill")].replace("		.offset = DEMO_PAD,\n", "").replace(
    "create(&params);\n", "create(&params);\n"
    "\tring->bufs = kcalloc(64, sizeof(*ring->bufs), 0);\n"
    "\tring->descs = kcalloc(64, sizeof(*ring->descs), 0);\n") + """\
int demo_fill(struct demo_ring *ring, int i, u32 offset)
{
	struct demo_desc *desc = &ring->descs[i];
	struct demo_buf *buf = &ring->bufs[i];

	buf->netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!buf->netmem)
		return -12;

	buf->offset = offset;
	desc->addr = cpu_to_le32(page_pool_get_dma_addr_netmem(buf->netmem) + buf->offset);
	return 0;
}

void demo_rx(struct demo_ring *ring, int i, struct sk_buff *skb)
{
	struct demo_desc *desc = &ring->descs[i];
	struct demo_buf *buf = &ring->bufs[i];
	u32 len = le32_to_cpu(desc->status);

	dma_sync_single_for_cpu(ring->dev, le32_to_cpu(desc->addr), len, DMA_FROM_DEVICE);
	skb_add_rx_frag_netmem(skb, 0, buf->netmem, buf->offset, len);
	buf->netmem = 0;
}
"""


@pytest.fixture
def two(tree: Path) -> Path:
    """The driver with the address in one array, and the buffer in another."""
    return plant(tree, {DRIVER: TWO, NAME: TWO_HEADER})


def test_a_buffer_in_another_array_is_proven(two: Path) -> None:
    made = step(two)
    assert call(NEW).encode() in made.changes[0].after
    proof = prove(two, list(made.changes))
    assert proof.proven and proof.way is Way.SYNC, proof
    assert "the device leaves the address in a descriptor as it was written" in proof.assumes


@pytest.mark.parametrize("name", ["the offset dropped", "the offset of another buffer",
                                  "another buffer", "another length", "swapped", "another pool"])
def test_a_fault_in_the_call_for_another_array_is_found(name: str, two: Path) -> None:
    proof = prove(two, spelled(step(two), call(NEW), FAULTS[name]))
    assert proof.way is Way.SYNC and proof.identity.status is Status.FAIL
    assert any("the code differs" in one for one in proof.identity.details)


@pytest.mark.parametrize("name", ["addr", "descs", "bufs", "netmem", "offset"])
def test_compiler_and_parser_have_to_agree_on_both_arrays(name: str, two: Path) -> None:
    what = "demo_desc" if name == "addr" else \
        "demo_ring" if name in ("descs", "bufs") else "demo_buf"
    text = TWO.replace("\tbuf->netmem = 0;\n",
                       f"\tbuf->netmem = 0;\n\tif (0)\n\t\tLOOK({what}, {name});\n").replace(
        '#include "demo.h"\n',
        '#include "demo.h"\n\n#define LOOK(t, m) ((void)((struct t *)0)->m)\n')
    (two / DRIVER).write_text(text)
    proof = prove(two, list(step(two).changes))
    assert proof.identity.status is Status.FAIL
    assert any("compiler and parser" in one for one in proof.identity.details), proof.identity


def test_an_array_that_another_file_uses_is_not_proven(two: Path) -> None:
    (two / OTHER).write_text(MORE.replace("struct demo_buf *buf", "struct demo_ring *ring").replace(
        "buf->netmem", "!ring->descs"))
    proof = prove(two, list(step(two).changes))
    assert proof.identity.status is Status.FAIL
    assert any("is not compiled for this" in one for one in proof.identity.details)
