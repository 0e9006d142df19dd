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
