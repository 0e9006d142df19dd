# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a pool that syncs for the device: nothing else changes, and the model shows it."""

from __future__ import annotations

import re
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
#define PAGE_SIZE 4096UL
#define PP_FLAG_DMA_MAP 1
#define PP_FLAG_DMA_SYNC_DEV 2
enum dma_data_direction { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE };
struct device;
struct page_pool_params {
	unsigned int flags;
	unsigned int order;
	struct device *dev;
	enum dma_data_direction dma_dir;
	unsigned int max_len;
	unsigned int offset;
};
struct page_pool *page_pool_create(const struct page_pool_params *params);
void page_pool_put_netmem(struct page_pool *pool, netmem_ref netmem, unsigned int dma_sync_size,
			  _Bool allow_direct);
dma_addr_t page_pool_get_dma_addr_netmem(netmem_ref netmem);
static inline dma_addr_t page_pool_get_dma_addr(const struct page *page)
{
	return page_pool_get_dma_addr_netmem(page_to_netmem(page));
}
void page_pool_dma_sync_netmem_for_cpu(const struct page_pool *pool, const netmem_ref netmem,
				       u32 offset, u32 dma_sync_size);
void page_pool_ref_netmem(netmem_ref netmem);
void dma_sync_single_for_device(struct device *dev, dma_addr_t addr, unsigned long size,
				enum dma_data_direction dir);
#define cpu_to_le64(x) ((__le64)(x))
#endif
"""
SOURCE = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>

struct demo_buf {
	netmem_ref netmem;
};

struct demo_ring {
	struct device *dev;
	struct page_pool *pool;
	u32 size;
};

void demo_create(struct demo_ring *ring)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP,
		.dev = ring->dev,
		.dma_dir = DMA_FROM_DEVICE,
	};

	ring->pool = page_pool_create(&params);
}

int demo_fill(struct demo_ring *ring, struct demo_buf *buf, __le64 *desc)
{
	struct device *dev = ring->dev;
	dma_addr_t dma;

	buf->netmem = page_pool_dev_alloc_netmems(ring->pool);
	if (!buf->netmem)
		return -12;

	dma = page_pool_get_dma_addr_netmem(buf->netmem);
	dma_sync_single_for_device(dev, dma, PAGE_SIZE, DMA_FROM_DEVICE);
	*desc = cpu_to_le64(dma);
	return 0;
}

void demo_rx(struct demo_ring *ring, struct demo_buf *buf, struct sk_buff *skb, u32 len)
{
	page_pool_dma_sync_netmem_for_cpu(ring->pool, buf->netmem, 0, len);
	if (skb)
		skb_add_rx_frag_netmem(skb, 0, buf->netmem, 0, len);
	else
		page_pool_put_netmem(ring->pool, buf->netmem, 0, true);
	buf->netmem = 0;
}

void demo_free(struct demo_ring *ring, struct demo_buf *buf)
{
	if (buf->netmem)
		page_pool_put_netmem(ring->pool, buf->netmem, 0, false);
	buf->netmem = 0;
}

void demo_xmit(struct demo_ring *ring, struct demo_buf *buf, u32 len)
{
	dma_addr_t dma = page_pool_get_dma_addr_netmem(buf->netmem);

	dma_sync_single_for_device(ring->dev, dma, len, DMA_TO_DEVICE);
}
"""
KEEPS = SOURCE.replace(
    "\tdma_sync_single_for_device(dev, dma, PAGE_SIZE, DMA_FROM_DEVICE);\n", "").replace(
    "\tstruct device *dev = ring->dev;\n", "").replace(
    "\telse\n\t\tpage_pool_put_netmem(ring->pool, buf->netmem, 0, true);\n\tbuf->netmem = 0;\n",
    "\tif (len < 2048)\n\t\tpage_pool_ref_netmem(buf->netmem);\n\telse\n"
    "\t\tbuf->netmem = 0;\n").replace("buf->netmem, 0, false", "buf->netmem, -1, false")


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Jane Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "jane@example.org")


@pytest.fixture
def tree(kernel_tree: Path) -> Path:
    """A driver that syncs each buffer for the device itself."""
    return plant(kernel_tree, {
        DRIVER: SOURCE, "include/net/page_pool/helpers.h": HELPERS_H.replace("#endif\n", DMA)})


@pytest.fixture
def keeps(tree: Path) -> Path:
    """One that syncs nothing for the device, and whose ring keeps a part."""
    return plant(tree, {DRIVER: KEEPS})


def step(tree: Path) -> Step:
    whole = migrate([tree / "drivers/net/demo"], wanted=("flags",))
    assert not whole.stopped
    (only,) = whole.drivers[0].steps
    return only


def prove(tree: Path, after: str, before: str = SOURCE) -> ObjectProof:
    (proof,) = verify_changes(tree, [FileChange(DRIVER, before.encode(), after.encode())], jobs=2)
    return proof


def text_after(tree: Path) -> str:
    return step(tree).changes[0].after.decode()


def line_of(text: str, word: str, number: int = 0) -> int:
    return [at for at, one in enumerate(text.splitlines(), 1) if word in one][number]


def test_the_step_is_proven(tree: Path) -> None:
    after = text_after(tree)
    assert ".flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV," in after
    assert ".max_len = PAGE_SIZE," in after and "*dev = ring->dev" not in after
    assert after.count("buf->netmem, -1, ") == 2 and after.count("for_device") == 1
    proof = prove(tree, after)
    assert proof.proven and proof.way is Way.FLAGS, proof
    assert "inside the memory" in proof.assumes


def test_a_ring_that_keeps_a_part_is_proven_to_get_nothing_new(keeps: Path) -> None:
    proof = prove(keeps, text_after(keeps), KEEPS)
    assert proof.proven and proof.way is Way.FLAGS, proof


def drop(text: str, line: str) -> str:
    assert text.count(line) == 1, line
    return text.replace(line, "")


def swap(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


LEN = "\t\t.max_len = PAGE_SIZE,\n"
BOTH = "PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV"
# What is done to the patch, and the word on the line that has to be named, with which of them.
FAULTS = {
    "a put is left": (lambda text: swap(text, "-1, true", "0, true"), "netmem, 0, true"),
    "the other put is left": (lambda text: swap(text, "-1, false", "0, false"), "netmem, 0, false"),
    "a put says too little": (lambda text: swap(text, "-1, true", "64, true"), "netmem, 64, true"),
    "a put asks for something": (
        lambda text: swap(text, "-1, true", "ring->size, true"), "ring->size, true"),
    "max_len is too small": (
        lambda text: swap(text, LEN, "\t\t.max_len = PAGE_SIZE / 2,\n"), ".max_len"),
    "max_len is a number": (lambda text: swap(text, LEN, "\t\t.max_len = 4096,\n"), ".max_len"),
    "max_len is not known": (
        lambda text: swap(text, LEN, "\t\t.max_len = ring->size,\n"), ".max_len"),
    "the offset is beyond what the device is given": (
        lambda text: swap(text, LEN, "\t\t.max_len = PAGE_SIZE - 64,\n\t\t.offset = 64,\n"),
        ".max_len"),
    "the offset is beyond all": (
        lambda text: swap(text, LEN, LEN + "\t\t.offset = 64,\n"), ".offset"),
    "the offset is not known": (
        lambda text: swap(text, LEN, LEN + "\t\t.offset = ring->size,\n"), ".offset"),
    "the flag is missing": (lambda text: swap(text, BOTH, "PP_FLAG_DMA_MAP"), ".flags"),
    "the flag without max_len": (lambda text: drop(text, LEN), ".flags"),
    "all puts are left": (lambda text: text.replace("-1, ", "0, "), "netmem, 0, true"),
}


@pytest.mark.few(4)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_with_its_place(name: str, tree: Path) -> None:
    turn, word = FAULTS[name]
    after = turn(text_after(tree))
    proof = prove(tree, after)
    assert proof.way is Way.FLAGS and not proof.proven
    assert proof.identity.status is Status.FAIL
    assert any(f"{DRIVER}:{line_of(after, word)}" in one for one in proof.identity.details), proof


def test_the_flag_alone_is_refused(tree: Path) -> None:
    after = swap(SOURCE, ".flags = PP_FLAG_DMA_MAP,", f".flags = {BOTH},")
    proof = prove(tree, after)
    assert proof.way is Way.FLAGS and not proof.proven
    assert any("without max_len" in one for one in proof.identity.details)


def test_the_drivers_own_sync_gone_alone_is_refused(tree: Path) -> None:
    after = drop(SOURCE, "\tdma_sync_single_for_device(dev, dma, PAGE_SIZE, DMA_FROM_DEVICE);\n")
    after = drop(after, "\tstruct device *dev = ring->dev;\n")
    proof = prove(tree, after)
    assert proof.way is Way.FLAGS and not proof.proven
    assert any("the device writes bytes that are not synced" in one
               for one in proof.identity.details)


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["max_len is too small", "max_len is a number",
                                  "the offset is beyond what the device is given",
                                  "the flag without max_len"])
def test_a_fault_where_nothing_was_synced_before_is_refused(name: str, keeps: Path) -> None:
    turn, word = FAULTS[name]
    after = turn(text_after(keeps))
    proof = prove(keeps, after, KEEPS)
    assert proof.way is Way.FLAGS and not proof.proven
    assert any(f"{DRIVER}:{line_of(after, word)}" in one for one in proof.identity.details), proof


def test_a_sync_of_what_is_sent_has_to_stay(tree: Path) -> None:
    after = drop(text_after(tree), "\tdma_sync_single_for_device(ring->dev, dma, len, "
                                   "DMA_TO_DEVICE);\n")
    after = re.sub(r"\tdma_addr_t dma = page_pool[^\n]*\n\n", "", after)
    proof = prove(tree, after)
    assert proof.way is Way.FLAGS and not proof.proven
    line = line_of(SOURCE, "DMA_TO_DEVICE")
    assert any(f"{DRIVER}:{line}: a sync for the device goes" in one
               for one in proof.identity.details)


def test_a_sync_that_is_new_is_refused(tree: Path) -> None:
    after = swap(text_after(tree), "\tif (skb)\n", "\tdma_sync_single_for_device(ring->dev, 0, len,"
                 " DMA_FROM_DEVICE);\n\tif (skb)\n")
    proof = prove(tree, after)
    assert proof.way is Way.FLAGS and not proof.proven


def test_a_sync_that_is_not_of_what_was_just_taken_is_not_let_go(tree: Path) -> None:
    before = SOURCE.replace("\tbuf->netmem = page_pool_dev",
                            "\tif (!buf->netmem)\n\t\tbuf->netmem = page_pool_dev")
    (tree / DRIVER).write_text(before)
    after = swap(before, ".flags = PP_FLAG_DMA_MAP,", f".flags = {BOTH},")
    after = swap(after, "\t\t.dma_dir", LEN + "\t\t.dma_dir").replace(
        "netmem, 0, t", "netmem, -1, t").replace("netmem, 0, f", "netmem, -1, f")
    after = drop(after, "\tdma_sync_single_for_device(dev, dma, PAGE_SIZE, DMA_FROM_DEVICE);\n")
    after = drop(after, "\tstruct device *dev = ring->dev;\n")
    proof = prove(tree, after, before)
    assert proof.way is Way.FLAGS and not proof.proven
    line = line_of(before, "DMA_FROM_DEVICE", 1)
    assert any(f"{DRIVER}:{line}" in one for one in proof.identity.details), proof


@pytest.mark.parametrize(("old", "new"), [
    ("buf->netmem = 0;", "buf->netmem = 1;"),
    (".dma_dir = DMA_FROM", ".dma_dir = DMA_BIDIRECTIONAL + DMA_FROM"),
    ("-1, true", "-1, false"), ("*desc = cpu_to_le64(dma)", "*desc = cpu_to_le64(dma + 64)")])
def test_a_patch_that_does_more_is_not_of_this_way(old: str, new: str, tree: Path) -> None:
    after = text_after(tree)
    assert old in after
    proof = prove(tree, after.replace(old, new, 1))
    assert proof.way is None and not proof.proven


def test_a_patch_of_comments_is_not_of_this_way(tree: Path) -> None:
    assert prove(tree, SOURCE + "/* nothing */\n").way is None


def test_a_command_writes_what_is_proven(tree: Path) -> None:
    done = run("diff", "--with", "flags", str(tree / "drivers/net/demo"))
    assert done.code == 0, done.err
    assert b"+\t\t.max_len = PAGE_SIZE,\n" in done.out


def test_the_message_tells_what_it_costs_and_what_is_not_shown(tree: Path, tmp_path: Path) -> None:
    done = run("format-patch", "--with", "flags", "-q", str(tree / "drivers/net/demo"),
               "-o", str(tmp_path / "out"))
    assert done.code == 0, done.err
    (patch,) = (tmp_path / "out").glob("*.patch")
    said = " ".join(patch.read_text().split())
    for words in ("This is not the same as before: more is synced, and at other times",
                  "that is the cost; no speed was measured",
                  "as far as the CPU touches only what the driver synced for it, the hardware "
                  "writes inside the memory",
                  "left with no access of bytes that are not synced"):
        assert words in said, words


def test_the_message_names_the_part_that_the_ring_keeps(keeps: Path, tmp_path: Path) -> None:
    done = run("format-patch", "--with", "flags", "-q", str(keeps / "drivers/net/demo"),
               "-o", str(tmp_path / "out"))
    assert done.code == 0, done.err
    (patch,) = (tmp_path / "out").glob("*.patch")
    said = " ".join(patch.read_text().split())
    line = line_of(KEEPS, "page_pool_ref_netmem")
    assert f"The ring keeps a part of it (demo.c:{line}), which nothing syncs for the device, " \
           "before or after" in said
    assert "gets no access of bytes that are not synced that it did not have" in said


def test_a_command_writes_nothing_that_is_not_proven(tree: Path) -> None:
    """A driver that does not compile as it is has no proof."""
    (tree / DRIVER).write_text(SOURCE + "int demo_odd(void) { return nothing; }\n")
    refused(run("apply", "--with", "flags", "-q", str(tree / "drivers/net/demo")), "", code=5)
    assert ".max_len" not in (tree / DRIVER).read_text()
