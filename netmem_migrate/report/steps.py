# SPDX-License-Identifier: GPL-2.0-only
"""What is in the way of the steps behind a conversion, in words: parts of report/wording.py."""

from __future__ import annotations

from netmem_migrate.model.spelled import DATA_SPLIT, KEEPS_NETMEM, QUEUE_OPS, UNREADABLE
from netmem_migrate.reasons import Why

_SYNCS: dict[Why, str] = {
    Why.SYNC_WRITTEN: "the address is also written at {other}",
    Why.SYNC_APART: "the address is not shown to be that of the buffer of the same "
                    "index{elsewhere}",
    Why.SYNC_NUMBER: "the buffer is not shown to have the number of the descriptor{elsewhere}",
    Why.SYNC_RING: "an address is written at {by}, to a descriptor of which the ring is not "
                   "shown{elsewhere}",
    Why.SYNC_WHOLE: "more is done with the descriptors than by their members, or to walk "
                    "them{elsewhere}",
    Why.SYNC_ALONE: "the buffer may be set at {other}, and no address with it",
    Why.SYNC_TAKEN: "more is done between the sync and where its address is taken{elsewhere}",
    Why.SYNC_BEFORE: "the sync starts before the pool's offset, at {by}, and that is {other}",
    Why.SYNC_NOT_KEPT: "no buffer is kept with the address, or not where in it that is{elsewhere}",
    Why.SYNC_ELSEWHERE: "the sync starts at {by}, the device writes at {other}",
    Why.SYNC_DEVICE: "the device is not shown to be the pool's{elsewhere}",
    Why.SYNC_DIRECTION: "another direction than the pool's{elsewhere}",
    Why.SYNC_CUT: "a 32-bit field may cut the address{elsewhere}",
    Why.SYNC_NEGATIVE: "the size {by} may be negative",
    Why.SYNC_CHANGES: "{by} may change while pools exist{elsewhere}",
    Why.SYNC_OR_NOT: "it is not shown to be of a pool{elsewhere}",
}

_UNMAPS: dict[Why, str] = {
    Why.RAW_UNMAP: f"unmaps by the DMA API what {KEEPS_NETMEM}() stored in {{by}} ({{other}})",
    Why.FIX_STORED: "unmaps {by} by the DMA API still: it is also set at {other}, to "
                    "what that may be right for",
    Why.FIX_TESTED: "unmaps {by} by the DMA API still: a test decides what is unmapped "
                    "there ({other})",
    Why.FIX_HIDDEN: "unmaps {by} by the DMA API still: a macro may set it, too",
    Why.FIX_SINGLE: "unmaps {by} by the DMA API still: as what was mapped by its "
                    "address, and nothing that it holds was",
    Why.FIX_FORM: "unmaps {by} by the DMA API still: by a call of another form",
}

_MAPS: dict[Why, str] = {
    Why.TX_READ: "the stored address is read at {other}, not for an unmap",
    Why.TX_SKIPPED: "where the address is 0, {by} would be left out at {other}",
    Why.TX_LENT: "what keeps the address is given away at {other}",
    Why.TX_UNREAD: "what keeps the address is used at {by}, which is not read",
    Why.TX_OTHER_FRAG: "the slot at {other} belongs to another frag",
    Why.TX_UNSET: "the frag that is mapped at {other} may be kept without the helper",
    Why.TX_OR_HEAD: "the slot at {other} belongs to the head, too",
    Why.TX_FUNCTION: "{by}() keeps the address, and its arguments do not say in which slot, at "
                     "{other}",
    Why.TX_LOST: "the address is not followed from {other} to where it is kept",
    Why.TX_DESCRIPTOR: "the address lives only in a descriptor, at {other}",
    Why.TX_BY_MEMORY: "{by}() maps them, and not as frags, at {other}",
    Why.TX_RAW: "raw unmap at {other}",
    Why.TX_OUTSIDE: "the address is kept in a {by}, which is declared outside of this driver, at "
                    "{other}",
    Why.TX_CPU: "the CPU reads frags at {other}",
}

_SENDS: dict[Why, str] = {
    Why.NETMEM_TX_UNJUDGED: "it is not shown where frags are mapped and unmapped",
    Why.NETMEM_TX_MAPPED: "frags are mapped by their pages or addresses{elsewhere}",
    Why.NETMEM_TX_KEPT: "the address is kept whatever the frag is{elsewhere}",
    Why.NETMEM_TX_UNMAP: "raw unmap{elsewhere}",
    Why.NETMEM_TX_READS: "the CPU reads frags{elsewhere}",
    Why.NETMEM_TX_SENT: "{by} reads frags, and the packet goes on where that fails{elsewhere}",
    Why.NETMEM_TX_GIVEN: "{by} is given the packet, and is not known{elsewhere}",
    Why.NETMEM_TX_DEVICES: "there are devices that send otherwise{elsewhere}",
    Why.NETMEM_TX_PLACE: "it is not shown that each device is set up here, and registered "
                         "behind{elsewhere}",
}

_SENT: dict[Why, str] = {
    Why.RAW_FRAGS: "is unmapped whatever memory the frag was of",
    Why.TX_NO_API: "maps frags as pages still: this kernel has no {by}()",
    Why.TX_NO_FRAGS: "maps no frags to send",
    Why.NETMEM_TX: "does not say that its device can send memory that is no page",
    Why.NETMEM_TX_NO_API: "sends pages only still: this kernel has no {by}",
    Why.NETMEM_TX_UNSEEN: "sends pages only still: nothing is in sight that the stack calls to "
                          "send a packet, or that gets it from there",
    Why.NETMEM_TX_NO_FRAGS: "is never given frags: the device does not say that it takes them",
    Why.NETMEM_TX_NO_DMA: "sends pages only still: the device does no DMA",
}

_FLAGS: dict[Why, str] = {
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
    Why.FLAGS_POOL: "makes a page_pool, and it is not known where its memory is taken{elsewhere}",
    Why.FLAGS_FOR_DEVICE: "makes a page_pool, and the driver's own sync for the device is not "
                          "shown to be one of memory that it just took{elsewhere}",
    Why.FLAGS_UNSEEN: "makes a page_pool, and a call that counts stands where none is "
                      "read{elsewhere}",
    Why.FLAGS_MODEL: "makes a page_pool, and on the model of it bytes are not synced in some "
                     "order: {other}",
}

POOLS: dict[Why, str] = {
    Why.POOL_NO_SPLIT: f"nothing sets {DATA_SPLIT[1]}",
    Why.POOL_USERS_SPLIT: f"whether {DATA_SPLIT[1]} can be set, the modules tell that use this one",
    Why.POOL_NO_QUEUES: f"netdev->{QUEUE_OPS} is not set",
    Why.POOL_QUEUES_IF: f"netdev->{QUEUE_OPS} is set only if {{by}}",
    Why.POOL_USERS_QUEUES: f"whether netdev->{QUEUE_OPS} is set, the modules tell that use this "
                           "one",
    Why.POOL_NOT_TOLD: "the pool is not told its {by}",
    Why.POOL_TOLD_IF: "the pool is told its {by} only",
    Why.POOL_TOLD_UNSEEN: "whether the pool is told its {by} is not seen",
    Why.POOL_LACKS: "the pool lacks {by}",
    Why.POOL_HAS_IF: "the pool has {by} only",
    Why.POOL_HAS_UNSEEN: "whether the pool has {by} is not seen",
    Why.POOL_HEADS: "heads of packets are made of its memory, and of no other",
    Why.POOL_HEADS_COPIED: "heads are copied out of other memory; that none comes here, only the "
                           "hardware tells",
    Why.POOL_HEADS_BESIDE: "two pools are kept in one record; which of them gets headers, only "
                           "the hardware tells",
    Why.POOL_HEADS_UNSEEN: "where headers go is not seen; only the hardware tells",
    Why.POOL_NO_DEVICE: "no device is seen that writes to its memory",
    Why.POOL_NOT_WRITTEN: "no device is seen whose writes would have to be synced",
    Why.POOL_RAW_SYNC: "memory is synced for the CPU past the pool",
    Why.POOL_NO_SYNC: "nothing is seen that syncs memory for the CPU",
    Why.POOL_SYNC_IF: "memory is synced through the pool only if {by}",
    Why.POOL_COUNTS: "references are counted past the pool",
    Why.POOL_DEVICE_SYNC: "memory is synced for the device past the pool",
    Why.POOL_READS: "the address of memory is used, and no test for NULL is seen before",
    Why.POOL_ORDER: "the order is {by}, not 0: what is bound in pieces of a page does not fit",
    Why.POOL_ORDER_UNSEEN: "the order is {by}; whether what is bound has that size, only a run "
                           "tells",
    Why.POOL_ORDER_ELSEWHERE: "the order is not seen",
}
"""What is in the way of memory that the CPU cannot read, as a sentence of its own."""
# What the source does not tell.
_OPEN = frozenset((
    Why.POOL_USERS_SPLIT, Why.POOL_USERS_QUEUES, Why.POOL_TOLD_UNSEEN, Why.POOL_HAS_UNSEEN,
    Why.POOL_HEADS_COPIED, Why.POOL_HEADS_BESIDE, Why.POOL_HEADS_UNSEEN, Why.POOL_NO_DEVICE,
    Why.POOL_NO_SYNC, Why.POOL_NOT_WRITTEN, Why.POOL_ORDER_UNSEEN, Why.POOL_ORDER_ELSEWHERE))

STEPS: dict[Why, str] = {
    Why.CPU_READS: "uses the address of memory of a page_pool without a test for NULL",
    Why.RAW_SYNC: "syncs memory of a page_pool for the CPU by a DMA address, past the pool",
    **{why: f"syncs past the pool still ({{condition}}): {said}" for why, said in _SYNCS.items()},
    **_UNMAPS,
    **_SENT,
    **{why: f"maps frags as pages still ({{condition}}): {said}" for why, said in _MAPS.items()},
    **{why: f"sends pages only still ({{condition}}): {said}" for why, said in _SENDS.items()},
    **_FLAGS,
    Why.POOL_NEVER: f"may not have memory that the CPU cannot read: {UNREADABLE} is never written "
                    "by the tool, and of P1 to P7 these are missing: {by}",
    Why.POOL_READY: f"may be ready for memory that the CPU cannot read: of P1 to P7 nothing is "
                    f"missing that the source tells, and open is {{by}}; {UNREADABLE} is never "
                    "written by the tool, a person who knows the hardware sets it",
    Why.POOL_PAGES_FIRST: f"may not have memory that the CPU cannot read: {UNREADABLE} is never "
                          "written by the tool, and pages are left",
    Why.POOL_ALREADY: f"sets {UNREADABLE} already",
    Why.POOL_PAGES: "takes memory of the pool as a page still, by {by}()",
    **{why: f"{'leaves open' if why in _OPEN else 'lacks'} for memory that the CPU cannot read "
            f"({{condition}}): {said}{{elsewhere}}" for why, said in POOLS.items()},
}
"""The end of a sentence whose subject is a function of the driver (report/wording.py). {condition}
is the id of what does not hold (model/conditions.py)."""


def step_of(why: Why) -> str:
    """The step behind a conversion that a reason is in the way of."""
    named = {Why.CPU_READS: "guard", Why.RAW_UNMAP: "tx-fix", Why.RAW_FRAGS: "tx"}
    begins = {"tx-": "tx", "flags-": "flags", "fix-": "tx-fix", "pool-": "unreadable",
              Why.NETMEM_TX.value: "netmem-tx"}
    return named.get(why) or next(
        (step for begin, step in begins.items() if why.value.startswith(begin)), "sync")
