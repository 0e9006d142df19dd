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
    Why.RAW_FRAGS: "is unmapped whatever memory the frag was of",
    Why.TX_READ: "maps frags as pages still (T1): the stored address is read at {other}, not for "
                 "an unmap",
    Why.TX_SKIPPED: "maps frags as pages still (T1): where the address is 0, {by} would be left "
                    "out at {other}",
    Why.TX_LENT: "maps frags as pages still (T1): what keeps the address is given away at {other}",
    Why.TX_UNREAD: "maps frags as pages still (T1): what keeps the address is used at {by}, which "
                   "is not read",
    Why.TX_OTHER_FRAG: "maps frags as pages still (T2): the slot at {other} belongs to another "
                       "frag",
    Why.TX_UNSET: "maps frags as pages still (T2): the frag that is mapped at {other} may be kept "
                  "without the helper",
    Why.TX_OR_HEAD: "maps frags as pages still (T2): the slot at {other} belongs to the head, too",
    Why.TX_FUNCTION: "maps frags as pages still (T2): {by}() keeps the address, and its arguments "
                     "do not say in which slot, at {other}",
    Why.TX_LOST: "maps frags as pages still (T2): the address is not followed from {other} to "
                 "where it is kept",
    Why.TX_DESCRIPTOR: "maps frags as pages still (T2): the address lives only in a descriptor, at "
                       "{other}",
    Why.TX_BY_MEMORY: "maps frags as pages still (T2): {by}() maps them, and not as frags, at "
                      "{other}",
    Why.TX_RAW: "maps frags as pages still (T3): raw unmap at {other}",
    Why.TX_OUTSIDE: "maps frags as pages still (T3): the address is kept in a {by}, which is "
                    "declared outside of this driver, at {other}",
    Why.TX_CPU: "maps frags as pages still (T4): the CPU reads frags at {other}",
    Why.TX_NO_FRAGS: "maps no frags to send",
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
    Why.NETMEM_TX_PLACE: "sends pages only still (T5): it is not shown that the device is "
                         "registered behind{elsewhere}",
    Why.FLAGS_LACKING: "makes a page_pool that maps its memory for DMA, and does not sync it for "
                       "the device{because}",
    Why.FLAGS_PART: ". The ring keeps a part of it ({by}), which nothing syncs for the device, "
                    "before or after{because}",
    Why.FLAGS_STAYS: ". Memory stays in its place after the CPU had it ({other}): nothing syncs "
                     "that for the device, before or after{because}",
    Why.FLAGS_TOUCHED: ". The CPU may write to memory before the device has it ({other}): nothing "
                       "syncs that for the device, before or after{because}",
    Why.FLAGS_STALE: ". Memory goes back to the pool while its place keeps it ({other}), which "
                     "this leaves as it is",
    Why.FLAGS_NO_MAP: "makes a page_pool that does not map its memory for DMA: it has nothing to "
                      "sync{elsewhere}",
    Why.FLAGS_UNKNOWN: "makes a page_pool of which the flags are not known: {by}{elsewhere}",
    Why.FLAGS_ON_PURPOSE: "makes a page_pool that does not sync for the device on purpose: "
                          "\"{by}\"{elsewhere}",
    Why.FLAGS_MAPPED: "makes a page_pool whose memory the driver maps itself{elsewhere}",
    Why.FLAGS_NO_ADDRESS: "makes a page_pool, and the driver never asks for a DMA address of its "
                          "memory",
    Why.FLAGS_NO_SYNC: "makes a page_pool of which no memory is shown to be synced for the CPU: "
                       "the flag would not be enough{elsewhere}",
    Why.FLAGS_SET: "makes a page_pool with {by} of its own: it is not shown to be all of its "
                   "memory{elsewhere}",
    Why.FLAGS_OFFSET: "makes a page_pool with the offset {by}: all of its memory would not fit "
                      "behind that{elsewhere}",
    Why.FLAGS_PUT: "makes a page_pool to which memory is given back with a size that cannot be "
                   "changed: {by}{elsewhere}",
    Why.FLAGS_POOL: "makes a page_pool, and it is not known where its memory is taken"
                    "{elsewhere}",
    Why.FLAGS_FOR_DEVICE: "makes a page_pool, and the driver's own sync for the device is not "
                          "shown to be one of memory that it just took{elsewhere}",
    Why.FLAGS_UNSEEN: "makes a page_pool, and a call that counts stands where none is read"
                      "{elsewhere}",
    Why.FLAGS_MODEL: "makes a page_pool, and on the model of it bytes are not synced in some "
                     "order: {other}",
}
"""The end of a sentence whose subject is a function of the driver (report/wording.py)."""


def step_of(why: Why) -> str:
    """The step behind a conversion that a reason is in the way of."""
    if why is Why.CPU_READS:
        return "guard"
    for step in ("tx", "flags"):
        if why.value.startswith(f"{step}-"):
            return step
    return "netmem-tx" if why.value.startswith(Why.NETMEM_TX.value) else "sync"
