# SPDX-License-Identifier: GPL-2.0-only
"""The netmem API to be tried out: its functions, by their kernel names, on small Python objects.

Import everything and play a driver; what the kernel forbids raises an exception that names the
rule and the kernel document it is in. docs/runtime.md is a session. Out parameters are results
here: `netmem, offset = page_pool_alloc_frag_netmem(pool, 1024)`. gfp flags are left out.

A page function takes a `Page`, a netmem function a `Netmem`; the wrong one raises WrongKind, which
in C is a diagnostic at best, since a netmem_ref is an unsigned long.
"""

from __future__ import annotations

from netmem_migrate.model.runtime import references as _refs
from netmem_migrate.model.runtime.access import (
    cpu_read,
    cpu_write,
    device_write,
    dma_sync_single_range_for_cpu,
    dma_sync_single_range_for_device,
)
from netmem_migrate.model.runtime.errors import (
    BadParams,
    BadTruesize,
    DoubleRelease,
    Leak,
    NotAPage,
    NotFresh,
    NotMapped,
    NotReadable,
    NotSynced,
    NullReference,
    OutOfRange,
    PoolGone,
    RawDma,
    RuleBroken,
    StillReferenced,
    TooManyFrags,
    UseAfterRelease,
    WrongContext,
    WrongKind,
    WrongPool,
)
from netmem_migrate.model.runtime.memory import (
    PAGE_SIZE,
    Address,
    Device,
    DmaAddress,
    Netmem,
    Page,
    Provider,
    dma_buf,
    get_page,
    io_uring,
    is_netmem,
    netmem_address,
    netmem_is_net_iov,
    netmem_is_pfmemalloc,
    netmem_ref_count,
    netmem_to_page,
    page_address,
    page_to_netmem,
    put_page,
)
from netmem_migrate.model.runtime.params import PP_FLAG, DmaDir, Napi, PagePoolParams
from netmem_migrate.model.runtime.pool import PagePool
from netmem_migrate.model.runtime.skb import (
    MAX_SKB_FRAGS,
    Frag,
    Skb,
    kfree_skb,
    napi_build_skb,
    skb_add_rx_frag,
    skb_add_rx_frag_netmem,
    skb_can_coalesce_netmem,
    skb_coalesce_rx_frag,
    skb_copy_bits,
    skb_fill_netmem_desc,
    skb_frag_address,
    skb_frag_fill_netmem_desc,
    skb_frag_netmem,
    skb_frag_page,
    skb_frag_ref,
    skb_frag_unref,
    skb_mark_for_recycle,
)
from netmem_migrate.model.runtime.xdp import (
    XdpBuff,
    XdpRxq,
    bpf_prog_run_xdp,
    xdp_buff_add_frag,
    xdp_build_skb_from_buff,
    xdp_prepare_buff,
    xdp_return_buff,
)

__all__ = [
    "MAX_SKB_FRAGS", "PAGE_SIZE", "PP_FLAG", "Address", "BadParams", "BadTruesize", "Device",
    "DmaAddress", "DmaDir", "DoubleRelease", "Frag", "Leak", "Napi", "Netmem", "NotAPage",
    "NotFresh", "NotMapped", "NotReadable", "NotSynced", "NullReference", "OutOfRange", "Page",
    "PagePool", "PagePoolParams", "PoolGone", "Provider", "RawDma", "RuleBroken", "Skb",
    "StillReferenced", "TooManyFrags", "UseAfterRelease", "WrongContext", "WrongKind", "WrongPool",
    "XdpBuff", "XdpRxq", "bpf_prog_run_xdp", "cpu_read", "cpu_write", "device_write", "dma_buf",
    "dma_sync_single_range_for_cpu", "dma_sync_single_range_for_device", "get_page", "io_uring",
    "kfree_skb", "napi_build_skb", "netmem_address", "netmem_is_net_iov", "netmem_is_pfmemalloc",
    "netmem_ref_count", "netmem_to_page", "page_address", "page_pool_alloc_frag",
    "page_pool_alloc_frag_netmem", "page_pool_alloc_netmem", "page_pool_alloc_netmems",
    "page_pool_alloc_pages", "page_pool_create", "page_pool_destroy",
    "page_pool_disable_direct_recycling", "page_pool_dma_sync_for_cpu",
    "page_pool_dma_sync_netmem_for_cpu", "page_pool_enable_direct_recycling",
    "page_pool_fragment_netmem", "page_pool_fragment_page", "page_pool_get_dma_addr",
    "page_pool_get_dma_addr_netmem", "page_pool_inflight", "page_pool_is_unreadable",
    "page_pool_put_full_netmem", "page_pool_put_full_page", "page_pool_put_netmem",
    "page_pool_put_page", "page_pool_put_unrefed_netmem", "page_pool_put_unrefed_page",
    "page_pool_recycle_direct", "page_pool_recycle_direct_netmem", "page_pool_ref_netmem",
    "page_pool_release_retry", "page_pool_unref_netmem", "page_to_netmem", "put_page",
    "skb_add_rx_frag", "skb_add_rx_frag_netmem", "skb_can_coalesce_netmem",
    "skb_coalesce_rx_frag", "skb_copy_bits", "skb_fill_netmem_desc", "skb_frag_address",
    "skb_frag_fill_netmem_desc", "skb_frag_netmem", "skb_frag_page", "skb_frag_ref",
    "skb_frag_unref", "skb_mark_for_recycle", "xdp_buff_add_frag", "xdp_build_skb_from_buff",
    "xdp_prepare_buff", "xdp_return_buff",
]


def page_pool_create(params: PagePoolParams) -> PagePool:
    """Make a pool; it takes the queue's memory provider if the flags allow unreadable memory.

    Raises BadParams with the error the kernel gives.
    """
    return _refs.create(params)


def page_pool_destroy(pool: PagePool | None) -> None:
    """Give the pool up. It stays until all memory in flight is back; nothing is mapped any more."""
    if pool is not None:
        pool.drop_user()


def page_pool_release_retry(pool: PagePool) -> None:
    """The work that waits for memory in flight. Raises Leak while there is some."""
    _refs.stalled(pool)


def page_pool_inflight(pool: PagePool) -> int:
    """How many pieces of memory are the pool's: in use, or in its caches."""
    return pool.inflight


def page_pool_is_unreadable(pool: PagePool) -> bool:
    """Whether the pool's memory is a provider's, which the CPU cannot read."""
    return pool.provider is not None


def page_pool_enable_direct_recycling(pool: PagePool, napi: Napi) -> None:
    """From now on `napi` is the pool's only consumer."""
    if pool.napi is not None and pool.napi is not napi:
        raise WrongContext(f"the pool's consumer is {pool.napi.name}")
    pool.napi = napi


def page_pool_disable_direct_recycling(pool: PagePool) -> None:
    """The pool has no consumer any more. Its NAPI must be disabled."""
    if pool.napi is not None and pool.napi.enabled:
        raise WrongContext(f"{pool.napi.name} is enabled")
    pool.napi = None


def page_pool_alloc_netmems(pool: PagePool) -> Netmem:
    """One piece of memory, PAGE_SIZE << order bytes; 0 if there is none."""
    return pool.allocate()


def page_pool_alloc_frag_netmem(pool: PagePool, size: int) -> tuple[Netmem, int]:
    """A fragment of `size` bytes, and its offset; 0 if there is none."""
    return pool.allocate_frag(size)


def page_pool_alloc_netmem(pool: PagePool, size: int) -> tuple[Netmem, int, int]:
    """A whole piece or a fragment, as `size` needs: memory, offset, and the size it got."""
    return pool.allocate_any(size)


def page_pool_alloc_pages(pool: PagePool) -> Page:
    """As page_pool_alloc_netmems(). Raises NotAPage if the pool has a memory provider."""
    return netmem_to_page(pool.allocate())


def page_pool_alloc_frag(pool: PagePool, size: int) -> tuple[Page, int]:
    """As page_pool_alloc_frag_netmem(). Raises NotAPage."""
    netmem, offset = pool.allocate_frag(size)
    return netmem_to_page(netmem), offset


def page_pool_fragment_netmem(netmem: Netmem, nr: int) -> None:
    """Split fresh memory into `nr` references. Raises NotFresh."""
    _refs.fragment(is_netmem(netmem, "page_pool_fragment_netmem"), nr)


def page_pool_fragment_page(page: Page, nr: int) -> None:
    """As page_pool_fragment_netmem()."""
    _refs.fragment(page_to_netmem(page), nr)


def page_pool_ref_netmem(netmem: Netmem) -> None:
    """One reference more."""
    is_netmem(netmem, "page_pool_ref_netmem").live("a reference").pp_ref_count += 1


def page_pool_unref_netmem(netmem: Netmem, nr: int) -> int:
    """`nr` references less; how many are left. At 0, page_pool_put_unrefed_netmem() has to follow.

    Raises DoubleRelease if the driver has not so many.
    """
    return _refs.unref(is_netmem(netmem, "page_pool_unref_netmem"), nr)


def page_pool_put_unrefed_netmem(pool: PagePool, netmem: Netmem, dma_sync_size: int,
                                 allow_direct: bool) -> None:
    """Recycle memory whose last reference is gone. Raises StillReferenced, WrongContext ..."""
    memory = _refs.owned(is_netmem(netmem, "page_pool_put_unrefed_netmem"))
    pool.put(memory, dma_sync_size, allow_direct)


def page_pool_put_unrefed_page(pool: PagePool, page: Page, dma_sync_size: int,
                               allow_direct: bool) -> None:
    """As page_pool_put_unrefed_netmem()."""
    page_pool_put_unrefed_netmem(pool, page_to_netmem(page), dma_sync_size, allow_direct)


def page_pool_put_netmem(pool: PagePool, netmem: Netmem, dma_sync_size: int,
                         allow_direct: bool) -> None:
    """Release one reference; with the last one, recycle.

    `dma_sync_size` is how many bytes from the pool's offset on are synced for the device (-1:
    max_len). `allow_direct` says that the caller is the pool's consumer. Raises DoubleRelease,
    WrongPool, WrongContext.
    """
    memory = _refs.owned(is_netmem(netmem, "page_pool_put_netmem"))
    if memory.pool is not pool:
        raise WrongPool(f"{memory} is not from this pool")
    if allow_direct:
        pool.consumer_only("direct recycling")
    if not _refs.unref(netmem, 1):
        pool.put(memory, dma_sync_size, allow_direct)


def page_pool_put_page(pool: PagePool, page: Page, dma_sync_size: int,
                       allow_direct: bool) -> None:
    """As page_pool_put_netmem()."""
    page_pool_put_netmem(pool, page_to_netmem(page), dma_sync_size, allow_direct)


def page_pool_put_full_netmem(pool: PagePool, netmem: Netmem, allow_direct: bool) -> None:
    """As page_pool_put_netmem(), with all of max_len synced for the device."""
    page_pool_put_netmem(pool, netmem, -1, allow_direct)


def page_pool_put_full_page(pool: PagePool, page: Page, allow_direct: bool) -> None:
    """As page_pool_put_full_netmem()."""
    page_pool_put_netmem(pool, page_to_netmem(page), -1, allow_direct)


def page_pool_recycle_direct_netmem(pool: PagePool, netmem: Netmem) -> None:
    """Release one reference in the consumer's context. Raises WrongContext elsewhere."""
    page_pool_put_netmem(pool, netmem, -1, True)


def page_pool_recycle_direct(pool: PagePool, page: Page) -> None:
    """As page_pool_recycle_direct_netmem()."""
    page_pool_put_netmem(pool, page_to_netmem(page), -1, True)


def page_pool_get_dma_addr_netmem(netmem: Netmem) -> DmaAddress:
    """Where the device finds the memory. Raises NotMapped without PP_FLAG_DMA_MAP."""
    memory = is_netmem(netmem, "page_pool_get_dma_addr_netmem").live("the DMA address")
    if not memory.mapped:
        raise NotMapped(f"the DMA address of {memory}, which is not mapped")
    return DmaAddress(memory, memory.generation)


def page_pool_get_dma_addr(page: Page) -> DmaAddress:
    """As page_pool_get_dma_addr_netmem()."""
    return page_pool_get_dma_addr_netmem(page_to_netmem(page))


def page_pool_dma_sync_netmem_for_cpu(pool: PagePool, netmem: Netmem, offset: int,
                                      dma_sync_size: int) -> None:
    """Give the CPU bytes that the device wrote. The pool's own offset is added to `offset`.

    Does nothing for dma-buf memory. Raises NotMapped, OutOfRange, UseAfterRelease.
    """
    if not pool.cpu_syncs:
        return
    memory = page_pool_get_dma_addr_netmem(netmem).memory
    memory.give_to_cpu(offset + pool.p.offset, dma_sync_size)


def page_pool_dma_sync_for_cpu(pool: PagePool, page: Page, offset: int,
                               dma_sync_size: int) -> None:
    """As page_pool_dma_sync_netmem_for_cpu()."""
    page_pool_dma_sync_netmem_for_cpu(pool, page_to_netmem(page), offset, dma_sync_size)
