# SPDX-License-Identifier: GPL-2.0-only
"""An address in one array and its buffer in another: what breaks that, one change at a time.

Each changes a room in corpus/rooms/sync that is made, and has to be refused with its condition;
some change nothing of what is shown, and are made as before.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import CORPUS

from netmem_migrate.api import migrate
from netmem_migrate.report import wording

ROOMS = CORPUS / "rooms/sync"
ONE = "two-arrays-with-one-index"
QUEUES = "two-arrays-of-a-queue-and-descriptors-of-two-types"
GIVEN = "two-arrays-and-both-are-given-to-a-function"

END = "	buf->page = NULL;\n"
SYNC = "	dma_sync_single_for_cpu("
SET = "	desc->addr = cpu_to_le32(dma);\n"
FILLED = "	if (!buf->page)\n		return -ENOMEM;\n"

REFUSED = {
    "a buffer is set elsewhere": (ONE, END, "	ring->bufs[0].page = buf->page;\n", "S1"),
    "a buffer is taken anew behind": (
        QUEUES, SET, SET + "	buf->page = page_pool_alloc(priv->pool[q], &buf->offset, &size,\n"
        "				    GFP_ATOMIC);\n", "S1"),
    "the offset moves behind": (QUEUES, SET, SET + "	buf->offset += 2;\n", "S1"),
    "the address moves before it is set": (QUEUES, SET, "	dma += 2;\n" + SET, "S2"),
    "the address is that of a buffer sometimes": (
        QUEUES, "	dma = page_pool_get_dma_addr(", "	if (size)\n	dma = page_pool_get_dma_addr(", "S1"),
    "the descriptor moves before it is synced": (ONE, SYNC, "	desc++;\n" + SYNC, "S2"),
    "the buffer moves before it is synced": (ONE, SYNC, "	buf++;\n" + SYNC, "S2"),
    "a goto comes in between": (ONE, SYNC, "again:\n" + SYNC, "S2"),
    "the index is set sometimes": (
        ONE, "	i = ring->next % ring->count;\n	desc", "	if (len)\n		i = 0;\n	desc", "S2"),
    "the index is set in a loop": (
        ONE, "	buf = &ring->bufs[i];\n" + SYNC, "	while (len)\n		i++;\n	buf = &ring->bufs[i];\n"
        + SYNC, "S2"),
    "somebody has the address of the index": (
        ONE, "	buf = &ring->bufs[i];\n" + SYNC, "	prefetch(&i);\n	buf = &ring->bufs[i];\n" + SYNC,
        "S2"),
    "the ring moves in between": (
        ONE, "	buf = &ring->bufs[i];\n" + SYNC, "	ring++;\n	buf = &ring->bufs[i];\n" + SYNC, "S2"),
    "a descriptor is cleared": (ONE, END, END + "	memset(desc, 0, sizeof(*desc));\n", "S1"),
    "a descriptor is kept elsewhere": (ONE, END, END + "	skb->data = (void *)desc;\n", "S1"),
    "a descriptor is written by a macro": (ONE, END, END + "	WRITE_ONCE(desc->addr, 0);\n", "S1"),
    "the address of an address is given away": (ONE, END, END + "	prefetch(&desc->addr);\n", "S1"),
    "descriptors are those of another ring": (
        ONE, END, END + "	ring->descs = ring[1].descs;\n", "S1"),
    "buffers are those of another ring": (ONE, END, END + "	ring->bufs = ring[1].bufs;\n", "S1"),
    "descriptors are made anew": (
        ONE, END, END + "	ring->descs = kcalloc(1, 8, GFP_ATOMIC);\n", "S1"),
    "descriptors are filled with ones": (
        QUEUES, "memset(priv->ring[q].raw, 0, size)", "memset(priv->ring[q].raw, 1, size)", "S1"),
    "fewer buffers than descriptors": (
        QUEUES, "kcalloc(priv->count[q], sizeof", "kcalloc(priv->count[0], sizeof", "S1"),
    "the last descriptor is set before there are buffers": (
        QUEUES, "	err = demo_init(priv, 0);\n	if", "	demo_last(priv, 0);\n	err = demo_init(priv, 0);\n"
        "	if", "S1"),
    "another function is called for what it receives": (
        QUEUES, "	return priv->kind->receive(priv, skb, q);",
        "	return q ? demo_receive(priv, skb, q) : priv->kind->receive(priv, skb, q);", "S1"),
    "the kind is not constant": (
        QUEUES, "	const struct demo_kind *kind;", "	struct demo_kind *kind;", "S1"),
    "the kind changes": (QUEUES, "	demo_last(priv, 1);\n",
                         "	demo_last(priv, 1);\n	priv->kind = NULL;\n", "S1"),
    "the record of descriptors is packed": (
        QUEUES, "	__le32 stamp;\n};", "	__le32 stamp;\n} __attribute__((packed));", "S1"),
    "a function of all descriptors is given another": (
        QUEUES, "demo_alloc(priv, q, entry, desc)", "demo_alloc(priv, q, i, desc)", "S1"),
    "the queue is another one": (
        QUEUES, "	desc = &priv->ring[q].long_desc[i];", "	desc = &priv->ring[0].long_desc[i];", "S2"),
    "both are of two rings": (
        GIVEN, "	demo_frame(ring, desc, &ring->bufs[i], skb);",
        "	demo_frame(ring, desc, &ring[1].bufs[i], skb);", "S2"),
    "the pool is that of another ring": (
        GIVEN, "	demo_frame(ring, desc, &ring->bufs[i], skb);",
        "	demo_frame(ring + 1, desc, &ring->bufs[i], skb);", "S9"),
    "the device is another one": (ONE, ".dev = ring->dev", ".dev = ring[1].dev", "S4"),
    "the direction is another one": (
        ONE, ".dma_dir = DMA_FROM_DEVICE", ".dma_dir = DMA_TO_DEVICE", "S5"),
    "the pool has an offset": (
        ONE, ".dma_dir = DMA_FROM_DEVICE,", ".dma_dir = DMA_FROM_DEVICE,\n		.offset = 64,", "S2"),
    "the mask is wide": (
        ONE, "	ring->pool = page_pool_create(",
        "	dma_set_mask_and_coherent(ring->dev, DMA_BIT_MASK(40));\n	ring->pool = page_pool_create(",
        "S6"),
    "the size has a sign": (ONE, "(desc->addr), len,", "(desc->addr), (int)len,", "S7"),
}

MADE = {
    "something is prefetched": (ONE, SYNC, "	prefetch(desc);\n" + SYNC),
    "the index is a constant": (
        ONE, "	i = ring->next % ring->count;\n	desc", "	i = 3;\n	desc"),
    "another local has the ring": (
        ONE, "	i = ring->next % ring->count;\n	desc = &ring->descs[i];",
        "	struct demo_desc *descs = ring->descs;\n\n	i = ring->next % ring->count;\n"
        "	desc = &descs[i];"),
    "what is added is more": (QUEUES, SET, "	desc->addr = cpu_to_le32(dma + 64);\n"),
    "descriptors are freed": (ONE, "	return ring->descs ? 0 : -ENOMEM;",
                              "	if (!ring->pool) {\n		kfree(ring->descs);\n		ring->descs = NULL;\n"
                              "	}\n	return ring->descs ? 0 : -ENOMEM;"),
}


def conditions(folder: Path, room: str, old: str, new: str) -> list[str]:
    """What is not done of a room with a change in it, by condition; nothing where it is made."""
    text = (ROOMS / room / "before.c").read_text()
    assert text.count(old) >= 1, old
    file = folder / "d.c"
    file.write_text(text.replace(old, new, 1))
    whole = migrate([file], api="7.3", wanted=("sync",))
    assert not whole.stopped
    (driver,) = whole.drivers
    made = [one for one in driver.steps if one.room is not None and one.room.step == "sync"]
    left = [wording.undone(one) for one in driver.report.undone]
    assert bool(made) != bool(left)
    return [one.partition("(")[2].partition("(")[2].partition(")")[0] for one in left]


@pytest.mark.parametrize("name", REFUSED)
def test_a_change_that_breaks_it_is_refused(name: str, tmp_path: Path) -> None:
    *change, condition = REFUSED[name]
    assert conditions(tmp_path, *change) == [condition]


@pytest.mark.parametrize("name", MADE)
def test_a_change_that_breaks_nothing_is_made(name: str, tmp_path: Path) -> None:
    assert conditions(tmp_path, *MADE[name]) == []
