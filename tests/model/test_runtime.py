# SPDX-License-Identifier: GPL-2.0-only
"""The executable model: what works, what each misuse raises, and what always holds."""

from __future__ import annotations

import doctest
import inspect
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from netmem_migrate.model import runtime as rt
from netmem_migrate.model.functions import FUNCTIONS
from netmem_migrate.model.runtime.memory import Memory, Whereabouts
from netmem_migrate.model.schema import ApiFunction, Context, Effect

DOCS = Path(__file__).parents[2] / "docs" / "runtime.md"
MAPPED = rt.PP_FLAG.DMA_MAP | rt.PP_FLAG.DMA_SYNC_DEV


def pool_of(dev: rt.Device | None = None, napi: rt.Napi | None = None, *, size: int = 0,
            flags: rt.PP_FLAG = MAPPED, offset: int = 0, order: int = 0) -> rt.PagePool:
    return rt.page_pool_create(rt.PagePoolParams(
        dev or rt.Device(), flags, order=order, pool_size=size, napi=napi, offset=offset,
        max_len=(rt.PAGE_SIZE << order) - offset))


def unreadable(provider: rt.Provider) -> rt.PagePool:
    dev = rt.Device()
    dev.bind(0, provider)
    return pool_of(dev, flags=MAPPED | rt.PP_FLAG.ALLOW_UNREADABLE_NETMEM)


def received(pool: rt.PagePool, size: int = 60) -> rt.Netmem:
    netmem = rt.page_pool_alloc_netmems(pool)
    rt.device_write(pool.p.dev, rt.page_pool_get_dma_addr_netmem(netmem) + pool.p.offset, size)
    return netmem


def test_the_page_in_docs_is_a_session() -> None:
    failed, tried = doctest.testfile(str(DOCS), module_relative=False)
    assert failed == 0
    assert tried > 30


def test_every_error_names_a_rule_and_a_kernel_document() -> None:
    broken = [value for value in vars(rt).values()
              if isinstance(value, type) and issubclass(value, rt.RuleBroken)]
    assert len(broken) == 20
    for one in broken:
        assert one is rt.RuleBroken or one.rule
        assert one is rt.RuleBroken or one.document.startswith(("Documentation/", "include/"))


def test_released_memory_is_given_out_again() -> None:
    pool = pool_of()
    first = rt.page_pool_alloc_netmems(pool)
    rt.page_pool_put_full_netmem(pool, first, False)
    again = rt.page_pool_alloc_netmems(pool)
    assert int(again) == int(first)
    assert rt.page_pool_inflight(pool) == 1
    # Same number, but whoever still has the old reference has nothing.
    with pytest.raises(rt.UseAfterRelease):
        rt.netmem_address(first)


def test_direct_recycling_needs_the_consumer() -> None:
    napi, other = rt.Napi("rx"), rt.Napi("tx")
    pool = pool_of(napi=napi)
    netmem = rt.page_pool_alloc_netmems(pool)  # the napi is disabled: open() fills the ring
    napi.enable()
    other.enable()
    with pytest.raises(rt.WrongContext, match="process context"):
        rt.page_pool_recycle_direct_netmem(pool, netmem)
    with other, pytest.raises(rt.WrongContext, match="in tx"):
        rt.page_pool_put_netmem(pool, netmem, -1, True)
    with pytest.raises(rt.WrongContext, match="allocation"):
        rt.page_pool_alloc_netmems(pool)
    with pytest.raises(rt.WrongContext):
        rt.page_pool_put_unrefed_netmem(pool, netmem, -1, True)
    with napi:
        rt.page_pool_recycle_direct_netmem(pool, netmem)
    assert len(pool.cache) == 1
    with napi:
        netmem = rt.page_pool_alloc_netmems(pool)
    with other:
        rt.page_pool_put_full_netmem(pool, netmem, False)
    assert (len(pool.cache), len(pool.ring)) == (0, 1)


def test_a_disabled_napi_does_not_poll_and_teardown_may_recycle_directly() -> None:
    napi = rt.Napi()
    pool = pool_of(napi=napi)
    netmem = rt.page_pool_alloc_netmems(pool)
    with pytest.raises(rt.WrongContext):
        napi.__enter__()
    rt.page_pool_put_full_netmem(pool, netmem, True)
    napi.enable()
    with pytest.raises(rt.WrongContext):
        rt.page_pool_destroy(pool)
    with pytest.raises(rt.WrongContext):
        rt.page_pool_disable_direct_recycling(pool)
    napi.disable()
    rt.page_pool_destroy(pool)
    assert pool.destroyed


@pytest.mark.parametrize("hand_over", [False, True])
def test_a_destroyed_pool_waits_for_what_is_in_flight(hand_over: bool) -> None:
    pool = pool_of()
    netmem = received(pool)
    dma = rt.page_pool_get_dma_addr_netmem(netmem)
    skb = rt.Skb()
    if hand_over:
        rt.skb_add_rx_frag_netmem(skb, 0, netmem, 0, 60, rt.PAGE_SIZE)
        rt.skb_mark_for_recycle(skb)
    rt.page_pool_destroy(pool)
    assert not pool.destroyed
    with pytest.raises(rt.Leak):
        rt.page_pool_release_retry(pool)
    with pytest.raises(rt.PoolGone):
        rt.page_pool_alloc_netmems(pool)
    with pytest.raises(rt.NotMapped):
        rt.device_write(pool.p.dev, dma, 60)
    if hand_over:
        rt.kfree_skb(skb)
    else:
        rt.page_pool_put_full_netmem(pool, netmem, False)
    assert pool.destroyed
    rt.page_pool_release_retry(pool)


def test_an_xdp_queue_keeps_the_pool() -> None:
    pool, rxq = pool_of(), rt.XdpRxq()
    rxq.reg_mem_model(pool)
    rt.page_pool_destroy(pool)
    assert not pool.dying
    rxq.unreg()
    assert pool.destroyed
    with pytest.raises(rt.PoolGone):
        rt.page_pool_destroy(pool)
    with pytest.raises(rt.PoolGone):
        rt.XdpRxq().reg_mem_model(pool)


@pytest.mark.parametrize(("flags", "max_len", "order", "direction", "errno"), [
    (rt.PP_FLAG.DMA_SYNC_DEV, 4096, 0, rt.DmaDir.FROM_DEVICE, "EINVAL"),
    (MAPPED, 0, 0, rt.DmaDir.FROM_DEVICE, "EINVAL"),
    (rt.PP_FLAG.DMA_MAP, 0, 0, rt.DmaDir.TO_DEVICE, "EINVAL"),
    (rt.PP_FLAG.DMA_MAP, 0, 11, rt.DmaDir.FROM_DEVICE, "EINVAL"),
    (rt.PP_FLAG.ALLOW_UNREADABLE_NETMEM, 0, 0, rt.DmaDir.FROM_DEVICE, "EOPNOTSUPP"),
    (rt.PP_FLAG.ALLOW_UNREADABLE_NETMEM | rt.PP_FLAG.DMA_MAP, 0, 0, rt.DmaDir.FROM_DEVICE,
     "EOPNOTSUPP"),
    (rt.PP_FLAG.ALLOW_UNREADABLE_NETMEM | MAPPED, 4096, 1, rt.DmaDir.FROM_DEVICE, "E2BIG"),
])
def test_parameters_that_do_not_fit(flags: rt.PP_FLAG, max_len: int, order: int,
                                    direction: rt.DmaDir, errno: str) -> None:
    dev = rt.Device()
    dev.bind(0, rt.dma_buf(4))
    with pytest.raises(rt.BadParams) as caught:
        rt.page_pool_create(rt.PagePoolParams(dev, flags, order=order, dma_dir=direction,
                                              max_len=max_len))
    assert caught.value.errno == errno


def test_a_provider_is_used_only_if_the_flag_allows_it() -> None:
    dev = rt.Device()
    dev.bind(0, rt.dma_buf(4))
    assert not rt.page_pool_is_unreadable(pool_of(dev))
    other_queue = rt.PagePoolParams(dev, MAPPED | rt.PP_FLAG.ALLOW_UNREADABLE_NETMEM,
                                    max_len=4096, queue_idx=1)
    assert not rt.page_pool_is_unreadable(rt.page_pool_create(other_queue))


@pytest.mark.parametrize("provider", [rt.dma_buf, rt.io_uring])
def test_unreadable_memory(provider: object) -> None:
    pool = unreadable(provider(2))  # type: ignore[operator]
    netmem = received(pool)
    assert int(netmem) & 1
    assert rt.netmem_is_net_iov(netmem)
    assert rt.netmem_ref_count(netmem) == 1
    assert rt.netmem_address(netmem) is None
    rt.page_pool_dma_sync_netmem_for_cpu(pool, netmem, 0, 60)
    with pytest.raises(rt.NotReadable):
        rt.cpu_read(rt.netmem_address(netmem), 14)
    with pytest.raises(rt.NotReadable):
        rt.napi_build_skb(rt.netmem_address(netmem), 4096)
    with pytest.raises(rt.NotAPage):
        rt.netmem_to_page(netmem)
    with pytest.raises(rt.NotAPage):
        rt.page_pool_alloc_pages(pool)
    dma = rt.page_pool_get_dma_addr_netmem(netmem)
    for sync in (rt.dma_sync_single_range_for_cpu, rt.dma_sync_single_range_for_device):
        with pytest.raises(rt.RawDma):
            sync(pool.p.dev, dma, 0, 60)
    # Both of the provider's chunks are out: the third allocation gives 0.
    none = rt.page_pool_alloc_netmems(pool)
    assert not none
    assert int(none) == 0
    rt.page_pool_put_full_netmem(pool, netmem, False)
    assert rt.page_pool_alloc_netmems(pool)


def test_an_skb_with_unreadable_frags() -> None:
    pool, skb = unreadable(rt.dma_buf(2)), rt.Skb()
    rt.skb_add_rx_frag_netmem(skb, 0, received(pool), 0, 60, rt.PAGE_SIZE)
    assert skb.unreadable
    assert rt.skb_frag_page(skb.frags[0]) is None
    assert rt.skb_frag_address(skb.frags[0]) is None
    with pytest.raises(rt.NotReadable):
        rt.skb_copy_bits(skb)
    # The frag-level helper does not tell the skb.
    quiet = rt.Skb(frags=[rt.Frag()])
    rt.skb_frag_fill_netmem_desc(quiet.frags[0], received(pool), 0, 60)
    assert not quiet.unreadable
    for one in (skb, quiet):
        rt.skb_mark_for_recycle(one)
        rt.kfree_skb(one)
    rt.page_pool_destroy(pool)
    assert pool.destroyed


def test_page_and_netmem_are_two_types() -> None:
    pool = pool_of()
    page = rt.page_pool_alloc_pages(pool)
    netmem = rt.page_to_netmem(page)
    assert rt.netmem_to_page(netmem) == page
    with pytest.raises(rt.WrongKind):
        rt.page_pool_put_full_netmem(pool, page, False)  # type: ignore[arg-type]
    with pytest.raises(rt.WrongKind):
        rt.page_pool_put_full_page(pool, netmem, False)  # type: ignore[arg-type]
    with pytest.raises(rt.WrongKind):
        rt.skb_add_rx_frag(rt.Skb(), 0, netmem, 0, 60, 4096)  # type: ignore[arg-type]
    with pytest.raises(rt.WrongKind):
        rt.netmem_address(page)  # type: ignore[arg-type]


def test_an_allocation_that_fails() -> None:
    pool = pool_of(rt.Device(pages=0))
    netmem = rt.page_pool_alloc_netmems(pool)
    assert not netmem
    assert not rt.page_pool_alloc_pages(pool)
    assert not rt.page_pool_alloc_frag_netmem(pool, 512)[0]
    with pytest.raises(rt.NullReference):
        rt.page_pool_get_dma_addr_netmem(netmem)
    with pytest.raises(rt.NullReference):
        rt.page_pool_put_full_netmem(pool, netmem, False)
    with pytest.raises(rt.NullReference):
        rt.skb_add_rx_frag_netmem(rt.Skb(), 0, netmem, 0, 60, 4096)


def test_double_release_and_wrong_pool() -> None:
    pool, other = pool_of(), pool_of()
    netmem = rt.page_pool_alloc_netmems(pool)
    with pytest.raises(rt.WrongPool):
        rt.page_pool_put_full_netmem(other, netmem, False)
    rt.page_pool_put_full_netmem(pool, netmem, False)
    with pytest.raises(rt.DoubleRelease):
        rt.page_pool_put_full_netmem(pool, netmem, False)
    with pytest.raises(rt.UseAfterRelease):
        rt.page_pool_get_dma_addr_netmem(netmem)


def test_a_frag_belongs_to_its_skb() -> None:
    pool, skb = pool_of(), rt.Skb()
    netmem = received(pool)
    rt.skb_add_rx_frag_netmem(skb, 0, netmem, 0, 60, rt.PAGE_SIZE)
    with pytest.raises(rt.DoubleRelease, match="belong to skbs"):
        rt.page_pool_put_full_netmem(pool, netmem, False)
    with pytest.raises(rt.DoubleRelease):
        rt.skb_add_rx_frag_netmem(skb, 1, netmem, 0, 60, rt.PAGE_SIZE)
    with pytest.raises(rt.Leak):
        rt.kfree_skb(skb)
    with pytest.raises(rt.DoubleRelease):
        rt.kfree_skb(skb)
    with pytest.raises(rt.UseAfterRelease):
        rt.skb_mark_for_recycle(skb)


def test_more_frags_of_one_piece() -> None:
    pool, skb = pool_of(), rt.Skb()
    netmem, offset = rt.page_pool_alloc_frag_netmem(pool, 1000)
    more, behind = rt.page_pool_alloc_frag_netmem(pool, 1000)
    assert (int(more), behind) == (int(netmem), offset + 1024)
    rt.skb_add_rx_frag_netmem(skb, 0, netmem, offset, 1024, 1024)
    assert rt.skb_can_coalesce_netmem(skb, 1, more, behind)
    assert not rt.skb_can_coalesce_netmem(skb, 1, more, behind + 64)
    assert not rt.skb_can_coalesce_netmem(skb, 0, more, behind)
    rt.skb_coalesce_rx_frag(skb, 0, 1000, 1024)
    assert (skb.len, skb.truesize) == (2024, 2048)
    # Coalescing takes no reference: the one of the second fragment is still the driver's.
    rt.page_pool_put_full_netmem(pool, more, False)
    with pytest.raises(rt.DoubleRelease):
        rt.page_pool_put_full_netmem(pool, more, False)
    rt.skb_mark_for_recycle(skb)
    rt.kfree_skb(skb)
    rt.page_pool_destroy(pool)
    assert pool.destroyed


def test_a_fragment_takes_what_nobody_else_can_use() -> None:
    pool = pool_of()
    netmem, offset, size = rt.page_pool_alloc_netmem(pool, 1600)
    assert (offset, size) == (0, 1600)
    more, offset, size = rt.page_pool_alloc_netmem(pool, 1600)
    assert int(more) == int(netmem)
    assert (offset, size) == (1600, 4096 - 1600)
    whole, offset, size = rt.page_pool_alloc_netmem(pool, 3000)
    assert int(whole) != int(netmem)
    assert (offset, size) == (0, 4096)
    with pytest.raises(rt.OutOfRange):
        rt.page_pool_alloc_frag_netmem(pool, 5000)


def test_own_fragment_counts() -> None:
    pool = pool_of()
    netmem = rt.page_pool_alloc_netmems(pool)
    rt.page_pool_fragment_netmem(netmem, 3)
    with pytest.raises(rt.NotFresh):
        rt.page_pool_fragment_netmem(netmem, 2)
    with pytest.raises(rt.StillReferenced):
        rt.page_pool_put_unrefed_netmem(pool, netmem, -1, False)
    rt.page_pool_put_full_netmem(pool, netmem, False)
    with pytest.raises(rt.DoubleRelease):
        rt.page_pool_unref_netmem(netmem, 3)
    rt.page_pool_ref_netmem(netmem)
    assert rt.page_pool_unref_netmem(netmem, 1) == 2
    assert rt.page_pool_unref_netmem(netmem, 2) == 0
    rt.page_pool_put_unrefed_netmem(pool, netmem, -1, False)
    with pytest.raises(rt.DoubleRelease):
        rt.page_pool_put_unrefed_netmem(pool, netmem, -1, False)
    with pytest.raises(rt.UseAfterRelease):
        rt.page_pool_ref_netmem(netmem)


def test_what_the_device_wrote_is_synced_before_it_is_read() -> None:
    pool = pool_of(offset=128)
    netmem = received(pool, 60)
    address = rt.netmem_address(netmem)
    assert address is not None
    rt.cpu_read(address, 128)  # the headroom is never the device's
    with pytest.raises(rt.NotSynced):
        rt.cpu_read(address + 128, 14)
    # The pool adds its offset; a driver that does too misses the first bytes.
    rt.page_pool_dma_sync_netmem_for_cpu(pool, netmem, 128, 60)
    with pytest.raises(rt.NotSynced):
        rt.cpu_read(address + 128, 14)
    rt.page_pool_dma_sync_netmem_for_cpu(pool, netmem, 0, 60)
    rt.cpu_read(address + 128, 60)
    with pytest.raises(rt.OutOfRange):
        rt.page_pool_dma_sync_netmem_for_cpu(pool, netmem, 4000, 60)


@pytest.mark.parametrize(("dma_sync_size", "enough"), [(-1, True), (60, True), (20, False)])
def test_what_the_cpu_touched_is_synced_for_the_device(dma_sync_size: int, enough: bool) -> None:
    pool = pool_of()
    netmem = received(pool, 60)
    rt.page_pool_dma_sync_netmem_for_cpu(pool, netmem, 0, 60)
    rt.cpu_write(rt.netmem_address(netmem), 14)
    dma = rt.page_pool_get_dma_addr_netmem(netmem)
    with pytest.raises(rt.NotSynced):
        rt.device_write(pool.p.dev, dma, 60)
    rt.page_pool_put_netmem(pool, netmem, dma_sync_size, False)
    if enough:
        received(pool, 60)
    else:
        with pytest.raises(rt.NotSynced):
            received(pool, 60)


def test_without_the_sync_flag_the_driver_syncs() -> None:
    dev = rt.Device()
    pool = rt.page_pool_create(rt.PagePoolParams(dev, rt.PP_FLAG.DMA_MAP))
    netmem = rt.page_pool_alloc_netmems(pool)
    dma = rt.page_pool_get_dma_addr_netmem(netmem)
    with pytest.raises(rt.NotSynced):
        rt.device_write(dev, dma, 60)
    rt.dma_sync_single_range_for_device(dev, dma, 0, 2048)
    rt.device_write(dev, dma, 60)
    rt.dma_sync_single_range_for_cpu(dev, dma, 0, 60)
    rt.cpu_read(rt.netmem_address(netmem), 60)


def test_without_the_map_flag_there_is_no_dma_address() -> None:
    pool = rt.page_pool_create(rt.PagePoolParams(rt.Device()))
    page = rt.page_pool_alloc_pages(pool)
    with pytest.raises(rt.NotMapped):
        rt.page_pool_get_dma_addr(page)
    with pytest.raises(rt.NotMapped):
        rt.page_pool_dma_sync_for_cpu(pool, page, 0, 60)


def test_the_device_writes_only_to_what_is_posted() -> None:
    pool = pool_of()
    netmem = rt.page_pool_alloc_netmems(pool)
    dma = rt.page_pool_get_dma_addr_netmem(netmem)
    with pytest.raises(rt.OutOfRange):
        rt.device_write(pool.p.dev, dma + 4000, 100)
    rt.page_pool_put_full_netmem(pool, netmem, False)
    with pytest.raises(rt.UseAfterRelease):
        rt.device_write(pool.p.dev, dma, 60)


def test_a_page_somebody_refers_to_is_not_recycled() -> None:
    pool = pool_of()
    page = rt.page_pool_alloc_pages(pool)
    rt.get_page(page)
    rt.page_pool_put_full_page(pool, page, False)
    assert rt.page_pool_inflight(pool) == 0
    assert not pool.ring
    rt.cpu_read(rt.page_address(page), 60)
    rt.put_page(page)
    with pytest.raises(rt.UseAfterRelease):
        rt.page_address(page)
    with pytest.raises(rt.UseAfterRelease):
        rt.put_page(page)


def test_put_page_is_not_how_a_pool_gets_its_page_back() -> None:
    pool = pool_of()
    page = rt.page_pool_alloc_pages(pool)
    with pytest.raises(rt.Leak):
        rt.put_page(page)


def test_pages_of_a_short_system_are_not_recycled() -> None:
    pool, skb = pool_of(rt.Device(pressure=True)), rt.Skb()
    netmem = received(pool)
    assert rt.netmem_is_pfmemalloc(netmem)
    rt.skb_add_rx_frag_netmem(skb, 0, netmem, 0, 60, rt.PAGE_SIZE)
    assert skb.pfmemalloc
    rt.skb_mark_for_recycle(skb)
    rt.kfree_skb(skb)
    assert rt.page_pool_inflight(pool) == 0


def test_cache_and_ring_are_limited() -> None:
    pool = pool_of(size=2)
    out = [rt.page_pool_alloc_netmems(pool) for _ in range(4)]
    for netmem in out:
        rt.page_pool_put_full_netmem(pool, netmem, False)
    assert len(pool.ring) == 2
    assert rt.page_pool_inflight(pool) == 2
    out = [rt.page_pool_alloc_netmems(pool) for _ in range(130)]
    for netmem in out:
        rt.page_pool_recycle_direct_netmem(pool, netmem)
    assert (len(pool.cache), len(pool.ring)) == (128, 2)


def test_limits_of_an_skb() -> None:
    pool, skb = pool_of(), rt.Skb()
    netmem = rt.page_pool_alloc_netmems(pool)
    with pytest.raises(rt.BadTruesize):
        rt.skb_add_rx_frag_netmem(skb, 0, netmem, 0, 60, 40)
    with pytest.raises(rt.OutOfRange):
        rt.skb_add_rx_frag_netmem(skb, 0, netmem, 4090, 60, 4096)
    with pytest.raises(rt.TooManyFrags):
        rt.skb_add_rx_frag_netmem(skb, rt.MAX_SKB_FRAGS, netmem, 0, 60, 4096)
    rt.page_pool_put_full_netmem(pool, netmem, False)


def test_a_shared_frag_keeps_the_memory() -> None:
    pool, skb = pool_of(), rt.Skb()
    rt.skb_add_rx_frag_netmem(skb, 0, received(pool), 0, 60, rt.PAGE_SIZE)
    rt.skb_mark_for_recycle(skb)
    rt.skb_frag_ref(skb, 0)
    rt.kfree_skb(skb)
    assert not pool.ring
    rt.skb_frag_unref(skb, 0)
    assert len(pool.ring) == 1
    with pytest.raises(rt.UseAfterRelease):
        rt.skb_frag_unref(skb, 0)


def test_xdp_reads_its_head() -> None:
    pool = pool_of()
    xdp = rt.XdpBuff(rt.XdpRxq(pool))
    head, frag = received(pool), received(pool)
    rt.xdp_prepare_buff(xdp, rt.netmem_address(head), 0, 60)
    with pytest.raises(rt.NotSynced):
        rt.bpf_prog_run_xdp(xdp)
    rt.page_pool_dma_sync_netmem_for_cpu(pool, head, 0, 60)
    rt.page_pool_dma_sync_netmem_for_cpu(pool, frag, 0, 60)
    assert rt.xdp_buff_add_frag(xdp, frag, 0, 60, rt.PAGE_SIZE)
    rt.bpf_prog_run_xdp(xdp)
    rt.xdp_return_buff(xdp)
    assert len(pool.ring) == 2
    with pytest.raises(rt.DoubleRelease):
        rt.page_pool_put_full_netmem(pool, head, False)


def test_xdp_frags_go_on_in_the_skb() -> None:
    pool = pool_of()
    xdp = rt.XdpBuff(rt.XdpRxq(pool))
    head = received(pool)
    rt.page_pool_dma_sync_netmem_for_cpu(pool, head, 0, 60)
    rt.xdp_prepare_buff(xdp, rt.netmem_address(head), 0, 60)
    first, offset = rt.page_pool_alloc_frag_netmem(pool, 1024)
    second, behind = rt.page_pool_alloc_frag_netmem(pool, 1024)
    assert rt.xdp_buff_add_frag(xdp, first, offset, 1024, 1024)
    assert rt.xdp_buff_add_frag(xdp, second, behind, 1000, 1024)
    assert [frag.size for frag in xdp.frags] == [2024]
    skb = rt.xdp_build_skb_from_buff(xdp)
    assert (skb.len, skb.pp_recycle) == (2084, True)
    rt.kfree_skb(skb)
    rt.page_pool_destroy(pool)
    assert pool.destroyed


def test_unreadable_frags_are_not_for_xdp_programs() -> None:
    pool, host = unreadable(rt.io_uring(1)), pool_of()
    xdp = rt.XdpBuff(rt.XdpRxq(host))
    payload = received(pool)
    with pytest.raises(rt.NotReadable):
        rt.xdp_prepare_buff(xdp, rt.netmem_address(payload), 0, 60)
    rt.xdp_prepare_buff(xdp, rt.netmem_address(rt.page_pool_alloc_netmems(host)), 256, 60)
    assert rt.xdp_buff_add_frag(xdp, payload, 0, 60, rt.PAGE_SIZE)
    assert xdp.unreadable
    with pytest.raises(rt.NotReadable):
        rt.bpf_prog_run_xdp(xdp)
    assert rt.xdp_build_skb_from_buff(xdp).unreadable


# put_page() is no way to release a pool's page, and page_pool_destroy() ends it: tested above.
MODELLED = [one for one in FUNCTIONS
            if one.name in rt.__all__ and one.name not in ("put_page", "page_pool_destroy")
            and {"pool", "netmem", "page"} & set(
                inspect.signature(getattr(rt, one.name)).parameters)]


def _call(one: ApiFunction, pool: rt.PagePool, netmem: rt.Netmem | None) -> object:
    """Call a function with arguments that are right for a driver with one piece of memory."""
    usual = {"pool": pool, "netmem": netmem, "page": netmem and rt.netmem_to_page(netmem),
             "size": 60, "dma_sync_size": 60, "allow_direct": False, "nr": 1, "skb": rt.Skb(),
             "i": 0, "off": 0, "offset": 0, "truesize": rt.PAGE_SIZE, "frag": rt.Frag(),
             "xdp": rt.XdpBuff(rt.XdpRxq(pool)), "napi": rt.Napi()}
    here = getattr(rt, one.name)
    return here(*[usual[name] for name in inspect.signature(here).parameters])


@pytest.mark.parametrize("one", MODELLED, ids=lambda one: one.name)
def test_what_the_data_model_says_of_a_function_is_what_it_does(one: ApiFunction) -> None:
    pool = pool_of()
    if one.effect is Effect.ALLOCATES:
        got = _call(one, pool, None)
        memory = (got[0] if isinstance(got, tuple) else got).live("a test")
        assert (memory.held, pool.out) == (1, [memory])
        assert one.gives
        assert one.may_be_null
        return
    netmem = rt.page_pool_alloc_netmems(pool)
    memory = netmem.live("a test")
    if one.memory is not None:
        parameters = list(inspect.signature(getattr(rt, one.name)).parameters)
        assert parameters[one.memory] in ("netmem", "page", "hard_start")
    if one.effect is Effect.DROPS:
        rt.page_pool_ref_netmem(netmem)
    count = memory.pp_ref_count + memory.refcount
    _call(one, pool, netmem)
    assert (memory.pp_ref_count + memory.refcount - count, memory.in_skbs, memory.held > 0) == {
        Effect.RELEASES: (0, 0, False),
        Effect.TAKES: (1, 0, True),
        Effect.DROPS: (-1, 0, True),
        Effect.HANDS_OVER: (0, 1, True),
    }.get(one.effect, (0, 0, True))


@pytest.mark.parametrize("one", MODELLED, ids=lambda one: one.name)
def test_the_context_that_the_data_model_asks_for_is_needed(one: ApiFunction) -> None:
    napi = rt.Napi()
    pool = pool_of(napi=napi)
    netmem = rt.page_pool_alloc_netmems(pool)
    napi.enable()
    if one.context in (Context.CONSUMER, Context.NAPI):
        with pytest.raises(rt.WrongContext):
            _call(one, pool, netmem)
        with napi:
            _call(one, pool, netmem)
    elif one.context is Context.ANY:
        _call(one, pool, netmem)


class Driver(RuleBasedStateMachine):
    """A driver that does everything right, and now and then something that must be refused."""

    def __init__(self) -> None:
        super().__init__()
        self.mine: list[rt.Netmem] = []
        self.gone: list[rt.Netmem] = []
        self.skbs: list[rt.Skb] = []
        self.seen: dict[int, Memory] = {}

    @initialize(kind=st.sampled_from(["page", "dma-buf", "io_uring"]), size=st.integers(1, 4))
    def create(self, kind: str, size: int) -> None:
        self.dev = rt.Device(pages=6)
        flags = MAPPED
        if kind != "page":
            self.dev.bind(0, rt.dma_buf(6) if kind == "dma-buf" else rt.io_uring(6))
            flags |= rt.PP_FLAG.ALLOW_UNREADABLE_NETMEM
        self.readable = kind == "page"
        self.napi, self.other = rt.Napi("rx"), rt.Napi("other")
        self.napi.enable()
        self.other.enable()
        self.pool = pool_of(self.dev, self.napi, size=size, flags=flags)

    def got(self, netmem: rt.Netmem) -> None:
        if netmem.memory is not None:
            self.mine.append(netmem)
            self.seen[id(netmem.memory)] = netmem.memory

    def take(self, data: st.DataObject) -> rt.Netmem:
        return self.mine.pop(data.draw(st.integers(0, len(self.mine) - 1)))

    @precondition(lambda self: not self.pool.dying)
    @rule(size=st.sampled_from([0, 700, 1500]))
    def allocate(self, size: int) -> None:
        with self.napi:
            self.got(rt.page_pool_alloc_frag_netmem(self.pool, size)[0] if size
                     else rt.page_pool_alloc_netmems(self.pool))

    @precondition(lambda self: not self.pool.dying)
    @rule(elsewhere=st.booleans())
    def allocate_elsewhere(self, elsewhere: bool) -> None:
        before = repr(self.pool)
        with pytest.raises(rt.WrongContext):
            if elsewhere:
                with self.other:
                    rt.page_pool_alloc_netmems(self.pool)
            else:
                rt.page_pool_alloc_netmems(self.pool)
        assert repr(self.pool) == before

    @precondition(lambda self: self.mine and not self.pool.dying)
    @rule(data=st.data(), size=st.integers(0, 500))
    def receive(self, data: st.DataObject, size: int) -> None:
        netmem = self.mine[data.draw(st.integers(0, len(self.mine) - 1))]
        dma = rt.page_pool_get_dma_addr_netmem(netmem)
        rt.device_write(self.dev, dma, size)
        rt.page_pool_dma_sync_netmem_for_cpu(self.pool, netmem, 0, size)
        address = rt.netmem_address(netmem)
        assert (address is not None) == self.readable
        if address is not None:
            rt.cpu_read(address, size)
            # The driver keeps the memory, and the device may write to it once more.
            rt.dma_sync_single_range_for_device(self.dev, dma, 0, size)

    @precondition(lambda self: self.mine)
    @rule(data=st.data(), where=st.sampled_from(["napi", "other", "process"]),
          direct=st.booleans())
    def put(self, data: st.DataObject, where: str, direct: bool) -> None:
        netmem = self.take(data)
        cached = len(self.pool.cache)
        consumer = where == "napi" or self.pool.dying
        try:
            if where == "process" or self.pool.dying:
                rt.page_pool_put_full_netmem(self.pool, netmem, direct)
            else:
                with self.napi if where == "napi" else self.other:
                    rt.page_pool_put_full_netmem(self.pool, netmem, direct)
        except rt.WrongContext:
            assert direct
            assert not consumer
            self.mine.append(netmem)
        else:
            assert consumer or not direct
            assert consumer or len(self.pool.cache) == cached
            self.gone.append(netmem)

    @precondition(lambda self: self.mine)
    @rule(data=st.data())
    def one_more_reference(self, data: st.DataObject) -> None:
        netmem = self.mine[data.draw(st.integers(0, len(self.mine) - 1))]
        rt.page_pool_ref_netmem(netmem)
        self.mine.append(netmem)

    @precondition(lambda self: self.mine)
    @rule(data=st.data(), size=st.integers(0, 300))
    def hand_over(self, data: st.DataObject, size: int) -> None:
        netmem = self.take(data)
        if not self.skbs or len(self.skbs[-1].frags) == rt.MAX_SKB_FRAGS:
            self.skbs.append(rt.Skb(pp_recycle=True))
        skb = self.skbs[-1]
        rt.skb_add_rx_frag_netmem(skb, len(skb.frags), netmem, 0, size, 2048)
        assert skb.unreadable != self.readable
        self.gone.append(netmem)

    @precondition(lambda self: self.skbs)
    @rule(data=st.data())
    def free_skb(self, data: st.DataObject) -> None:
        skb = self.skbs.pop(data.draw(st.integers(0, len(self.skbs) - 1)))
        rt.kfree_skb(skb)
        with pytest.raises(rt.DoubleRelease):
            rt.kfree_skb(skb)

    @precondition(lambda self: any(one not in self.mine for one in self.gone))
    @rule(data=st.data())
    def put_what_is_not_mine(self, data: st.DataObject) -> None:
        lost = [one for one in self.gone if one not in self.mine]
        netmem = lost[data.draw(st.integers(0, len(lost) - 1))]
        with pytest.raises(rt.DoubleRelease):
            rt.page_pool_put_full_netmem(self.pool, netmem, False)

    @precondition(lambda self: not self.pool.dying)
    @rule()
    def destroy(self) -> None:
        self.napi.disable()
        rt.page_pool_destroy(self.pool)
        with pytest.raises(rt.PoolGone):
            rt.page_pool_alloc_netmems(self.pool)

    @precondition(lambda self: self.pool.dying)
    @rule()
    def destroy_twice(self) -> None:
        with pytest.raises(rt.PoolGone):
            rt.page_pool_destroy(self.pool)

    @invariant()
    def references_are_never_negative(self) -> None:
        for memory in self.seen.values():
            assert memory.pp_ref_count >= 1
            assert memory.in_skbs >= 0
            assert memory.refcount >= 0
            assert memory.held >= memory.in_skbs

    @invariant()
    def memory_is_in_one_place(self) -> None:
        if not self.seen:
            return
        places = [*self.pool.cache, *self.pool.ring, *self.pool.out]
        assert len({id(one) for one in places}) == len(places) == self.pool.inflight
        for memory in self.seen.values():
            assert (memory.place is Whereabouts.GONE) == all(memory is not one for one in places)

    @invariant()
    def mapped_until_the_pool_lets_go(self) -> None:
        for memory in self.seen.values():
            kept = memory.place is not Whereabouts.GONE and not self.pool.dying
            assert memory.mapped == kept

    @invariant()
    def unreadable_memory_has_no_address(self) -> None:
        for netmem in self.mine:
            assert (rt.netmem_address(netmem) is None) != self.readable

    @invariant()
    def a_destroyed_pool_waits(self) -> None:
        if getattr(self, "pool", None) is None or not self.pool.dying:
            return
        held = bool(self.mine) or any(skb.frags for skb in self.skbs)
        assert self.pool.destroyed != held
        if held:
            with pytest.raises(rt.Leak):
                rt.page_pool_release_retry(self.pool)


TestDriver = Driver.TestCase
TestDriver.settings = settings(max_examples=60, stateful_step_count=30, deadline=None,
                               derandomize=True)
