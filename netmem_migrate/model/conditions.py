# SPDX-License-Identifier: GPL-2.0-only
"""What has to hold before a step behind a conversion is made, condition by condition.

The ids are those of the refusals: S for syncs, T for what is sent, P for pools whose memory the CPU
need not be able to read. `OF` says of which condition a reason is.
"""

from __future__ import annotations

from dataclasses import dataclass

from netmem_migrate.model.spelled import (
    DATA_SPLIT,
    DMA_MAP,
    DMA_SYNC,
    NETMEM_TX,
    QUEUE_OPS,
)
from netmem_migrate.reasons import Why

_HELPERS = "include/net/page_pool/helpers.h"
_TYPES = "include/net/page_pool/types.h"
_DMA = "Documentation/core-api/dma-api.rst"
_NETMEM = "Documentation/networking/netmem.rst"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: `holds` is what has to, `shown` is how the tool sees it in the source, and
    `not_shown` what it does not; `follows` is the document or header of the kernel behind it."""

    id: str
    step: str
    holds: str
    shown: str
    not_shown: str
    follows: str


CONDITIONS: tuple[Condition, ...] = (
    Condition(
        "S1", "sync",
        "The member that keeps the address from refill to receive has the pool's address of the "
        "buffer beside it, and the same more, wherever it is set while the buffer is in use.",
        "Each use of the member in every file of the driver, by its type; where it is cleared, the "
        "buffer is cleared, too. An address that is taken of the buffer right before the sync "
        "needs no member.",
        "That the device leaves the address in a descriptor as it was written.",
        _HELPERS),
    Condition(
        "S2", "sync",
        "The sync starts at or behind the pool's offset, at a distance that is constant or kept "
        "with the buffer.",
        "The sum that is added to the pool's address, less the offset of the pool; members without "
        "a sign.",
        "That a sum of several members stays below 4 GiB.",
        _HELPERS),
    Condition(
        "S3", "sync",
        "The sync starts where the device begins to write.",
        "The sum that is given to the device for the buffer is the one that is synced.",
        "At which byte of it the hardware really writes; --with sync-check asks that.",
        _DMA),
    Condition(
        "S4", "sync",
        "The device of the sync is the pool's.",
        "Both are reached the same way from the same type, by locals and members that are set "
        "once, or one function sets two members from one local.",
        "That the ring of the buffer is the ring of the pool.",
        _TYPES),
    Condition(
        "S5", "sync",
        "The direction is that of the pool, or DMA_FROM_DEVICE where the pool's is "
        "DMA_BIDIRECTIONAL, which the message says.",
        "The constants at each call that creates a pool, of a member all that it is ever set to, "
        "and zero.",
        "That the other direction costs the same on each architecture.",
        _TYPES),
    Condition(
        "S6", "sync",
        "A field of 32 bits that keeps the address loses nothing of it.",
        "The DMA mask has 32 bits, or the module never sets one.",
        "A mask that is set outside of the module.",
        _DMA),
    Condition(
        "S7", "sync",
        "The size that is synced is not negative, since the pool's call takes it without a sign.",
        "The type of the size, or a mask in the store right before.",
        "Any relation between several values.",
        _HELPERS),
    Condition(
        "S8", "sync",
        "The offset and the direction of the pool stay as they are while a pool exists.",
        "They are constants.",
        "The order in which the kernel calls the operations of a driver: what is set anywhere "
        "else than at the pool is refused.",
        _TYPES),
    Condition(
        "S9", "sync",
        "The memory is of that pool, on every path to the sync.",
        "All that the buffer is set to, by locals, parameters, arrays and returns; there is one "
        "pool, and the buffer is not cleared before.",
        "That no buffer is received before its refill is over.",
        _HELPERS),
    Condition(
        "T1", "tx",
        "Once netmem_dma_unmap_addr_set() has stored the address, only unmaps of it, and the "
        "tests that guard these, read it.",
        "Each use of the member in every file of the driver and in each arm of `#if`, by its type.",
        "That such a test may leave out what else stands behind it: each is looked at.",
        "include/net/netmem.h"),
    Condition(
        "T2", "tx",
        "The frag that is named where the address is stored is the one whose address it is.",
        "The frag and the slot are not set anew between where the frag is mapped and where the "
        "address is stored.",
        "That the slot is of the descriptor which the device is given.",
        "include/net/netmem.h"),
    Condition(
        "T3", "tx",
        "Each unmap of the member goes through netmem_dma_unmap_page_attrs(): on completion, where "
        "mapping fails, and where a ring is freed.",
        "Each unmap in every file of the driver whose address comes from the member.",
        "An unmap of an address that went through memory which is not followed: it is refused.",
        _NETMEM),
    Condition(
        "T4", "tx",
        "The CPU reads no frag that is sent, unless it asks before whether it can, or drops the "
        "packet where that fails.",
        "The calls that give an address of a frag, or read one, on the way from where the stack "
        "sends.",
        "What a function of another module does with the packet.",
        _NETMEM),
    Condition(
        "T5", "netmem-tx",
        f"The driver sets netdev->{NETMEM_TX} last and alone, where T1 to T4 hold for all that it "
        "sends.",
        "T1 to T4 of each place of the module that maps, unmaps or reads a frag.",
        "That the device sends what has no page: only a run with such memory shows it.",
        _NETMEM),
    Condition(
        "P1", "unreadable",
        "The user can turn header split on (ethtool's tcp-data-split).",
        f"{DATA_SPLIT[0]} in supported_ring_params, and a use of {DATA_SPLIT[1]}, in what the "
        "driver's tables reach.",
        "Whether the device can split, and which packets it does split.",
        _NETMEM),
    Condition(
        "P2", "unreadable",
        f"The driver sets netdev->{QUEUE_OPS}, without which the core binds no memory provider.",
        "The assignment, in what leads to the pool, and the test around it.",
        "Whether one queue of the device can be stopped and started while the others run.",
        "net/core/netdev_rx_queue.c"),
    Condition(
        "P3", "unreadable",
        "The pool is told its netdev and queue_idx, by which it finds what is bound.",
        "What the parameters are set to before the pool is created, also by a function that they "
        "are given to.",
        "That the number is the one by which the stack knows the queue.",
        "net/core/page_pool.c"),
    Condition(
        "P4", "unreadable",
        f"The pool has {DMA_MAP}, {DMA_SYNC} and max_len, wherever it may have memory that the CPU "
        "cannot read.",
        "What the parameters are set to before the pool is created, and under which test.",
        "Which bytes of a buffer the device writes.",
        "net/core/page_pool.c"),
    Condition(
        "P5", "unreadable",
        "The device puts no header into memory of this pool.",
        "Unmet where the head of a packet is made of memory of the pool, and of none else. Where "
        "the driver copies heads out of other memory, that is named, and the condition stays open.",
        "Into which buffer the device puts what: only its documentation says so, and this "
        "condition is never met by the source alone.",
        _NETMEM),
    Condition(
        "P6", "unreadable",
        "Memory of the pool is synced for the CPU and for the device through the pool, given back "
        "to it, and its address is not used without a test for NULL (Rx 5, Rx 6 and Rx 7 of the "
        "document).",
        "What `scan` judges of these, with each place.",
        "What is behind a pointer that is not followed.",
        _NETMEM),
    Condition(
        "P7", "unreadable",
        "The pool's order is that of what is bound: 0, unless the binding asks for larger pieces.",
        "The order is the constant 0, or is not set.",
        "A number that is made when the driver runs: whether a binding has that size is known then "
        "only.",
        "net/core/devmem.c"),
)
"""In the order in which they are judged."""

STEPS: dict[str, tuple[str, ...]] = {
    "sync": ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9"),
    "flags": (),
    "tx": ("T1", "T2", "T3", "T4"),
    "netmem-tx": ("T1", "T2", "T3", "T4", "T5"),
    "unreadable": ("P1", "P2", "P3", "P4", "P5", "P6", "P7"),
}
"""The conditions of each step, by its id: all that has to hold before it. What refuses flags has no
id: its sentences say it whole."""

_WHYS: dict[str, tuple[Why, ...]] = {
    "S1": (Why.SYNC_WRITTEN, Why.SYNC_APART, Why.SYNC_NUMBER, Why.SYNC_RING, Why.SYNC_WHOLE,
           Why.SYNC_ALONE, Why.SYNC_TAKEN),
    "S2": (Why.SYNC_BEFORE, Why.SYNC_NOT_KEPT),
    "S3": (Why.SYNC_ELSEWHERE,),
    "S4": (Why.SYNC_DEVICE,),
    "S5": (Why.SYNC_DIRECTION,),
    "S6": (Why.SYNC_CUT,),
    "S7": (Why.SYNC_NEGATIVE,),
    "S8": (Why.SYNC_CHANGES,),
    "S9": (Why.SYNC_OR_NOT,),
    "T1": (Why.TX_READ, Why.TX_SKIPPED, Why.TX_LENT, Why.TX_UNREAD, Why.NETMEM_TX_MAPPED,
           Why.NETMEM_TX_KEPT,),
    "T2": (Why.TX_OTHER_FRAG, Why.TX_UNSET, Why.TX_OR_HEAD, Why.TX_FUNCTION, Why.TX_LOST,
           Why.TX_DESCRIPTOR, Why.TX_BY_MEMORY,),
    "T3": (Why.TX_RAW, Why.TX_OUTSIDE, Why.NETMEM_TX_UNJUDGED, Why.NETMEM_TX_UNMAP,),
    "T4": (Why.TX_CPU, Why.NETMEM_TX_READS, Why.NETMEM_TX_SENT, Why.NETMEM_TX_GIVEN,),
    "T5": (Why.NETMEM_TX_DEVICES, Why.NETMEM_TX_PLACE,),
    "P1": (Why.POOL_NO_SPLIT, Why.POOL_USERS_SPLIT),
    "P2": (Why.POOL_NO_QUEUES, Why.POOL_QUEUES_IF, Why.POOL_USERS_QUEUES),
    "P3": (Why.POOL_NOT_TOLD, Why.POOL_TOLD_IF, Why.POOL_TOLD_UNSEEN),
    "P4": (Why.POOL_LACKS, Why.POOL_HAS_IF, Why.POOL_HAS_UNSEEN),
    "P5": (Why.POOL_HEADS, Why.POOL_HEADS_COPIED, Why.POOL_HEADS_BESIDE, Why.POOL_HEADS_UNSEEN,
           Why.POOL_NO_DEVICE),
    "P6": (Why.POOL_RAW_SYNC, Why.POOL_NO_SYNC, Why.POOL_SYNC_IF, Why.POOL_COUNTS,
           Why.POOL_DEVICE_SYNC, Why.POOL_READS, Why.POOL_NOT_WRITTEN),
    "P7": (Why.POOL_ORDER, Why.POOL_ORDER_UNSEEN, Why.POOL_ORDER_ELSEWHERE),
}
OF: dict[Why, str] = {why: id for id, all_ in _WHYS.items() for why in all_}
"""The condition that a reason says does not hold; its id stands in the sentence as {condition}."""
BY_ID = {one.id: one for one in CONDITIONS}
