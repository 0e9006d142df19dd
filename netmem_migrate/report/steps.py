# SPDX-License-Identifier: GPL-2.0-only
"""What is in the way of the steps behind a conversion, in words: parts of report/wording.py."""

from __future__ import annotations

from netmem_migrate.reasons import Why

STEPS: dict[Why, str] = {
    Why.CPU_READS: "uses the address of memory of a page_pool without a test for NULL",
    Why.RAW_SYNC: "syncs memory of a page_pool for the CPU by a DMA address, past the pool",
    Why.SYNC_WRITTEN: "syncs past the pool still (S1): the address is also written at {other}",
    Why.SYNC_APART: "syncs past the pool still (S1): the address is not shown to be that of the "
                    "buffer of the same index{elsewhere}",
    Why.SYNC_NUMBER: "syncs past the pool still (S1): the buffer is not shown to have the number "
                     "of the descriptor{elsewhere}",
    Why.SYNC_RING: "syncs past the pool still (S1): an address is written at {by}, to a descriptor "
                   "of which the ring is not shown{elsewhere}",
    Why.SYNC_WHOLE: "syncs past the pool still (S1): more is done with the descriptors than by "
                    "their members, or to walk them{elsewhere}",
    Why.SYNC_ALONE: "syncs past the pool still (S1): the buffer may be set at {other}, and no "
                    "address with it",
    Why.SYNC_TAKEN: "syncs past the pool still (S1): more is done between the sync and where its "
                    "address is taken{elsewhere}",
    Why.SYNC_BEFORE: "syncs past the pool still (S2): the sync starts before the pool's offset, at "
                     "{by}, and that is {other}",
    Why.SYNC_NOT_KEPT: "syncs past the pool still (S2): no buffer is kept with the address, or not "
                       "where in it that is{elsewhere}",
    Why.SYNC_ELSEWHERE: "syncs past the pool still (S3): the sync starts at {by}, the device "
                        "writes at {other}",
    Why.SYNC_DEVICE: "syncs past the pool still (S4): the device is not shown to be the pool's"
                     "{elsewhere}",
    Why.SYNC_DIRECTION: "syncs past the pool still (S5): another direction than the pool's"
                        "{elsewhere}",
    Why.SYNC_CUT: "syncs past the pool still (S6): a 32-bit field may cut the address{elsewhere}",
    Why.SYNC_NEGATIVE: "syncs past the pool still (S7): the size {by} may be negative",
    Why.SYNC_CHANGES: "syncs past the pool still (S8): {by} may change while pools exist"
                      "{elsewhere}",
    Why.SYNC_OR_NOT: "syncs past the pool still (S9): it is not shown to be of a pool"
                     "{elsewhere}",
    Why.NETMEM_TX: "sets up a device of which nothing says that it sends what is no page",
    Why.NETMEM_TX_NO_API: "sends pages only still: this kernel has no {by}",
    Why.NETMEM_TX_UNSEEN: "sends pages only still: nothing is in sight that the stack calls to "
                          "send a packet, or that gets it from there",
    Why.NETMEM_TX_NO_FRAGS: "is never given frags: the device does not say that it takes them",
    Why.NETMEM_TX_NO_DMA: "sends pages only still: the device does no DMA",
    Why.NETMEM_TX_UNJUDGED: "sends pages only still (T3): it is not shown where frags are mapped "
                            "and unmapped",
    Why.NETMEM_TX_MAPPED: "sends pages only still (T1): frags are mapped by their pages or "
                          "addresses{elsewhere}",
    Why.NETMEM_TX_KEPT: "sends pages only still (T1): the address is kept whatever the frag is"
                        "{elsewhere}",
    Why.NETMEM_TX_UNMAP: "sends pages only still (T3): raw unmap{elsewhere}",
    Why.NETMEM_TX_READS: "sends pages only still (T4): the CPU reads frags{elsewhere}",
    Why.NETMEM_TX_SENT: "sends pages only still (T4): {by} reads frags, and the packet goes on "
                        "where that fails{elsewhere}",
    Why.NETMEM_TX_GIVEN: "sends pages only still (T4): {by} is given the packet, and is not known"
                         "{elsewhere}",
    Why.NETMEM_TX_DEVICES: "sends pages only still (T5): there are devices that send otherwise"
                           "{elsewhere}",
    Why.NETMEM_TX_PLACE: "sends pages only still (T5): it is not shown that each device is set "
                         "up here, and registered behind{elsewhere}",
}
"""The end of a sentence whose subject is a function of the driver (report/wording.py)."""


def step_of(why: Why) -> str:
    """The step behind a conversion that a reason is in the way of."""
    if why is Why.CPU_READS:
        return "guard"
    return "netmem-tx" if why.value.startswith(Why.NETMEM_TX.value) else "sync"
