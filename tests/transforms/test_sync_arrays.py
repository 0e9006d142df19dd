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

STORED = "two-arrays-and-the-buffer-is-stored-behind"

END = "\tbuf->page = NULL;\n"
SYNC = "\tdma_sync_single_for_cpu("
SET = "\tdesc->addr = cpu_to_le32(dma);\n"
FILLED = "\tif (!buf->page)\n\t\treturn -ENOMEM;\n"

REFUSED = {
    "a buffer is set elsewhere": (ONE, END, "\tring->bufs[0].page = buf->page;\n", "S1"),
    "a buffer is taken anew behind": (
        QUEUES, SET, SET + "\tbuf->page = page_pool_alloc(priv->pool[q], &buf->offset, &size,\n"
        "\t\t\t\t    GFP_ATOMIC);\n", "S1"),
    "the offset moves behind": (QUEUES, SET, SET + "\tbuf->offset += 2;\n", "S1"),
    "the address moves before it is set": (QUEUES, SET, "\tdma += 2;\n" + SET, "S2"),
    "the address is that of a buffer sometimes": (
        QUEUES, "\tdma = page_pool_get_dma_addr(",
        "\tif (size)\n\tdma = page_pool_get_dma_addr(", "S1"),
    "the descriptor moves before it is synced": (ONE, SYNC, "\tdesc++;\n" + SYNC, "S2"),
    "the buffer moves before it is synced": (ONE, SYNC, "\tbuf++;\n" + SYNC, "S2"),
    "a goto comes in between": (ONE, SYNC, "again:\n" + SYNC, "S2"),
    "the index is set sometimes": (
        ONE, "\ti = ring->next % ring->count;\n\tdesc", "\tif (len)\n\t\ti = 0;\n\tdesc", "S2"),
    "the index is set in a loop": (
        ONE, "\tbuf = &ring->bufs[i];\n" + SYNC,
        "\twhile (len)\n\t\ti++;\n\tbuf = &ring->bufs[i];\n" + SYNC, "S2"),
    "somebody has the address of the index": (
        ONE, "\tbuf = &ring->bufs[i];\n" + SYNC,
        "\tprefetch(&i);\n\tbuf = &ring->bufs[i];\n" + SYNC, "S2"),
    "the ring moves in between": (
        ONE, "\tbuf = &ring->bufs[i];\n" + SYNC,
        "\tring++;\n\tbuf = &ring->bufs[i];\n" + SYNC, "S2"),
    "the address is set sometimes": (QUEUES, SET, "\tif (size)\n\t" + SET, "S1"),
    "the buffer is kept sometimes": (
        STORED, "\tbuf->page = page;\n", "\tif (dma)\n\t\tbuf->page = page;\n", "S2"),
    "another buffer is kept": (
        STORED, "\tbuf->page = page;\n",
        "\tbuf->page = page;\n\tbuf->page = ring->bufs[0].page;\n", "S1"),
    "buffers are cleared by a function before": (
        ONE, "void demo_rx(", "static void demo_drop(struct demo_ring *ring)\n{\n"
        "\tring->bufs[0].page = NULL;\n}\n\nvoid demo_rx(", "S9",
        SYNC, "\tdemo_drop(ring);\n" + SYNC),
    "a macro moves the index": (
        ONE, "struct demo_desc {", "#define DEMO_NEXT i++\n\nstruct demo_desc {", "S2"),
    "a descriptor is cleared": (ONE, END, END + "\tmemset(desc, 0, sizeof(*desc));\n", "S1"),
    "a descriptor is kept elsewhere": (ONE, END, END + "\tskb->data = (void *)desc;\n", "S1"),
    "a descriptor is written by a macro": (ONE, END, END + "\tWRITE_ONCE(desc->addr, 0);\n", "S1"),
    "the address of an address is given away": (ONE, END, END + "\tprefetch(&desc->addr);\n", "S1"),
    "descriptors are those of another ring": (
        ONE, END, END + "\tring->descs = ring[1].descs;\n", "S1"),
    "buffers are those of another ring": (ONE, END, END + "\tring->bufs = ring[1].bufs;\n", "S1"),
    "descriptors are made anew": (
        ONE, END, END + "\tring->descs = kcalloc(1, 8, GFP_ATOMIC);\n", "S1"),
    "descriptors are filled with ones": (
        QUEUES, "memset(priv->ring[q].raw, 0, size)", "memset(priv->ring[q].raw, 1, size)", "S1"),
    "fewer buffers than descriptors": (
        QUEUES, "kcalloc(priv->count[q], sizeof", "kcalloc(priv->count[0], sizeof", "S1"),
    "the last descriptor is set before there are buffers": (
        QUEUES, "\terr = demo_init(priv, 0);\n\tif",
        "\tdemo_last(priv, 0);\n\terr = demo_init(priv, 0);\n\tif", "S1"),
    "another function is called for what it receives": (
        QUEUES, "\treturn priv->kind->receive(priv, skb, q);",
        "\treturn q ? demo_receive(priv, skb, q) : priv->kind->receive(priv, skb, q);", "S1"),
    "the kind is not constant": (
        QUEUES, "\tconst struct demo_kind *kind;", "\tstruct demo_kind *kind;", "S1"),
    "the kind changes": (QUEUES, "\tdemo_last(priv, 1);\n",
                         "\tdemo_last(priv, 1);\n\tpriv->kind = NULL;\n", "S1"),
    "the record of descriptors is packed": (
        QUEUES, "\t__le32 stamp;\n};", "\t__le32 stamp;\n} __attribute__((packed));", "S1"),
    "a function of all descriptors is given another": (
        QUEUES, "demo_alloc(priv, q, entry, desc)", "demo_alloc(priv, q, i, desc)", "S1"),
    "the queue is another one": (
        QUEUES, "\tdesc = &priv->ring[q].long_desc[i];",
        "\tdesc = &priv->ring[0].long_desc[i];", "S2"),
    "both are of two rings": (
        GIVEN, "\tdemo_frame(ring, desc, &ring->bufs[i], skb);",
        "\tdemo_frame(ring, desc, &ring[1].bufs[i], skb);", "S2"),
    "the pool is that of another ring": (
        GIVEN, "\tdemo_frame(ring, desc, &ring->bufs[i], skb);",
        "\tdemo_frame(ring + 1, desc, &ring->bufs[i], skb);", "S9"),
    "the device is another one": (ONE, ".dev = ring->dev", ".dev = ring[1].dev", "S4"),
    "the direction is another one": (
        ONE, ".dma_dir = DMA_FROM_DEVICE", ".dma_dir = DMA_TO_DEVICE", "S5"),
    "the pool has an offset": (
        ONE, ".dma_dir = DMA_FROM_DEVICE,", ".dma_dir = DMA_FROM_DEVICE,\n\t\t.offset = 64,", "S2"),
    "the mask is wide": (
        ONE, "\tring->pool = page_pool_create(",
        "\tdma_set_mask_and_coherent(ring->dev, DMA_BIT_MASK(40));\n"
        "\tring->pool = page_pool_create(", "S6"),
    "the size has a sign": (ONE, "(desc->addr), len,", "(desc->addr), (int)len,", "S7"),
}

MADE = {
    "something is prefetched": (ONE, SYNC, "\tprefetch(desc);\n" + SYNC),
    "the index is a constant": (
        ONE, "\ti = ring->next % ring->count;\n\tdesc", "\ti = 3;\n\tdesc"),
    "another local has the ring": (
        ONE, "\ti = ring->next % ring->count;\n\tdesc = &ring->descs[i];",
        "\tstruct demo_desc *descs = ring->descs;\n\n\ti = ring->next % ring->count;\n"
        "\tdesc = &descs[i];"),
    "what is added is more": (QUEUES, SET, "\tdesc->addr = cpu_to_le32(dma + 64);\n"),
    "descriptors are freed": (ONE, "\treturn ring->descs ? 0 : -ENOMEM;",
                              "\tif (!ring->pool) {\n\t\tkfree(ring->descs);\n"
                              "\t\tring->descs = NULL;\n\t}\n"
                              "\treturn ring->descs ? 0 : -ENOMEM;"),
}


def conditions(folder: Path, room: str, *changes: str) -> list[str]:
    """What is not done of a room with changes in it, by condition; nothing where it is made."""
    text = (ROOMS / room / "before.c").read_text()
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "d.c"
    file.write_text(text)
    whole = migrate([file], api="7.3", wanted=("sync",))
    assert not whole.stopped
    (driver,) = whole.drivers
    made = [one for one in driver.steps if one.room is not None and one.room.step == "sync"]
    left = [wording.undone(one) for one in driver.report.undone]
    assert bool(made) != bool(left)
    return [one.partition("(")[2].partition("(")[2].partition(")")[0] for one in left]


@pytest.mark.parametrize("name", REFUSED)
def test_a_change_that_breaks_it_is_refused(name: str, tmp_path: Path) -> None:
    room, old, new, condition, *more = REFUSED[name]
    assert conditions(tmp_path, room, old, new, *more) == [condition]


@pytest.mark.parametrize("name", MADE)
def test_a_change_that_breaks_nothing_is_made(name: str, tmp_path: Path) -> None:
    assert conditions(tmp_path, *MADE[name]) == []
