# SPDX-License-Identifier: GPL-2.0-only
"""Making a pool, and the references to its memory: who holds how many, who may give them back.

Follows net/core/page_pool.c and include/net/page_pool/helpers.h.
"""

from __future__ import annotations

from netmem_migrate.model.runtime.errors import (
    BadParams,
    DoubleRelease,
    Leak,
    NotFresh,
    NullReference,
    OutOfRange,
    UseAfterRelease,
    WrongPool,
)
from netmem_migrate.model.runtime.memory import PAGE_SIZE, Memory, Netmem, Whereabouts
from netmem_migrate.model.runtime.params import PP_FLAG, DmaDir, PagePoolParams
from netmem_migrate.model.runtime.pool import PagePool

_MAX_PAGE_ORDER = 10


def create(params: PagePoolParams) -> PagePool:
    """page_pool_create(). Raises BadParams."""
    flags = params.flags
    if PP_FLAG.DMA_MAP in flags and params.dma_dir is DmaDir.TO_DEVICE:
        raise BadParams("EINVAL", "dma_dir is DMA_TO_DEVICE")
    if PP_FLAG.DMA_SYNC_DEV in flags and PP_FLAG.DMA_MAP not in flags:
        raise BadParams("EINVAL", "PP_FLAG_DMA_SYNC_DEV without PP_FLAG_DMA_MAP")
    if PP_FLAG.DMA_SYNC_DEV in flags and not params.max_len:
        raise BadParams("EINVAL", "PP_FLAG_DMA_SYNC_DEV without max_len")
    if params.offset + params.max_len > PAGE_SIZE << params.order:
        raise OutOfRange("offset and max_len reach beyond the memory")
    provider = None
    if PP_FLAG.ALLOW_UNREADABLE_NETMEM in flags:
        provider = params.dev.queues.get(params.queue_idx)
    if provider is None and params.order > _MAX_PAGE_ORDER:
        raise BadParams("EINVAL", f"order is {params.order}")
    if provider is not None:
        if PP_FLAG.DMA_MAP not in flags or PP_FLAG.DMA_SYNC_DEV not in flags:
            raise BadParams("EOPNOTSUPP", "a memory provider needs PP_FLAG_DMA_MAP and "
                                          "PP_FLAG_DMA_SYNC_DEV")
        if params.order:
            raise BadParams("E2BIG", "the provider's chunks are of PAGE_SIZE")
    return PagePool(params, provider)


def fragment(netmem: Netmem, count: int) -> None:
    """page_pool_fragment_netmem(). Raises NotFresh."""
    memory = netmem.live("a split")
    if memory.pp_ref_count != 1 or count < 1:
        raise NotFresh(f"{memory} has {memory.held} references and is split into {count}")
    memory.pp_ref_count = count


def unref(netmem: Netmem, count: int) -> int:
    """page_pool_unref_netmem(): what is left. Raises DoubleRelease, UseAfterRelease."""
    memory = owned(netmem, count)
    memory.pp_ref_count -= count
    left = memory.pp_ref_count
    if not left:
        memory.pp_ref_count = 1
    return left


def owned(netmem: Netmem, count: int = 1) -> Memory:
    """The memory, if the driver has so many references to release. Raises DoubleRelease."""
    memory = netmem.memory
    if memory is None:
        raise NullReference("a release of the result of an allocation that failed")
    if memory.generation != netmem.generation or memory.place is not Whereabouts.IN_USE:
        raise DoubleRelease(f"{memory} was released before ({memory.place})")
    if memory.pool is None:
        raise WrongPool(f"{memory} does not come from a pool")
    mine = memory.held - memory.in_skbs
    if mine < count:
        whose = f"; {memory.in_skbs} belong to skbs" if memory.in_skbs else ""
        raise DoubleRelease(f"{count} of {max(mine, 0)} references to {memory} are "
                            f"released{whose}")
    return memory


def stalled(pool: PagePool) -> None:
    """What the kernel warns of as "stalled pool shutdown". Raises Leak."""
    if pool.dying and not pool.destroyed:
        raise Leak(f"the pool waits for {', '.join(str(one) for one in pool.waits_for())}")


def release_from_skb(netmem: Netmem) -> None:
    """napi_pp_put_page(): an skb or XDP frame gives one reference back."""
    memory = netmem.memory
    if memory is None or memory.pool is None or not memory.in_skbs:
        raise UseAfterRelease(f"an skb releases {memory}, which it does not hold")
    memory.in_skbs -= 1
    memory.pp_ref_count -= 1
    if not memory.pp_ref_count:
        memory.pp_ref_count = 1
        memory.pool.put(memory, -1, False)
