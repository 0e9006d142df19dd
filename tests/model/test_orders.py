# SPDX-License-Identifier: GPL-2.0-only
"""All orders of what a driver does with its buffers, and what a pool syncs for the device."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from netmem_migrate.model import runtime as rt
from netmem_migrate.model.runtime import orders, pool
from netmem_migrate.model.runtime.memory import Memory
from netmem_migrate.model.runtime.orders import Facts, Fill, Put, Shown, shown

ALL = rt.PAGE_SIZE
# One that syncs each buffer itself when it fills the ring, and says that nothing was touched.
RAW = Facts(fills=(Fill(raw=True, place="d.c:10"),),
            puts=(Put(0, "d.c:20"), Put(0, "d.c:30")), shared=True)
STEP = replace(RAW, sync=True, max_len=ALL, fills=(Fill(raw=False, place="d.c:10"),),
               puts=(Put(-1, "d.c:20"), Put(-1, "d.c:30")))
# One that syncs nothing for the device, and whose ring keeps the other half of a page.
NONE = Facts(fills=(Fill(raw=False, place="d.c:10"),), puts=(Put(-1, "d.c:20"),))
KEEPS = replace(NONE, part="d.c:40")
DEVICE = "the device writes bytes that are not synced for it"


def test_the_whole_step_leaves_no_unsynced_access() -> None:
    found = shown(RAW, STEP)
    assert found.clean and found.no_new and found.states > 100


def test_the_driver_itself_has_none() -> None:
    assert shown(RAW, RAW).clean


def test_the_flag_alone_makes_no_pool() -> None:
    found = shown(RAW, replace(RAW, sync=True))
    assert "max_len" in found.fails and not found.clean and not found.no_new


def test_the_flag_alone_lets_memory_go_back_unsynced() -> None:
    found = shown(RAW, replace(STEP, puts=RAW.puts))
    assert found.new[-1] == DEVICE and not found.no_new
    assert any("d.c:20 (0 bytes)" in one for one in found.new)


@pytest.mark.few(1)
@pytest.mark.parametrize("at", [0, 1])
def test_one_put_of_less_is_found_with_its_place(at: int) -> None:
    for size in (0, 64, ALL // 2, ALL - 1):
        puts = tuple(replace(one, size=size) if number == at else one
                     for number, one in enumerate(STEP.puts))
        found = shown(RAW, replace(STEP, puts=puts))
        assert found.new[-1] == DEVICE
        assert any(f"{puts[at].place} ({size} bytes)" in one for one in found.new)


@pytest.mark.long
def test_a_put_of_all_bytes_in_numbers_is_one_of_all() -> None:
    for size in (ALL, ALL + 1, 2**32 - 2):
        assert shown(RAW, replace(STEP, puts=(Put(size, "d.c:20"), STEP.puts[1]))).clean


@pytest.mark.few(2)
@pytest.mark.parametrize("step", [
    replace(STEP, max_len=ALL - 1), replace(STEP, max_len=ALL // 2),
    replace(STEP, offset=256, max_len=ALL - 256), replace(STEP, sync=False)],
    ids=["a-byte-less", "half", "an-offset", "no-flag"])
def test_less_than_all_is_found(step: Facts) -> None:
    assert shown(RAW, step).new[-1] == DEVICE


def test_an_offset_beyond_the_memory_makes_no_pool() -> None:
    assert shown(RAW, replace(STEP, offset=256)).fails


def test_the_sync_of_the_driver_may_stay() -> None:
    assert shown(RAW, replace(RAW, sync=True, max_len=ALL)).clean


@pytest.mark.long
def test_a_refill_without_the_sync_is_found_beside_one_with_it() -> None:
    two = replace(RAW, fills=(Fill(raw=True, place="d.c:10"), Fill(raw=True, place="d.c:11")))
    found = shown(two, replace(two, fills=(two.fills[0], Fill(raw=False, place="d.c:11"))))
    assert any("d.c:11" in one for one in found.new)


@pytest.mark.parametrize("left", [KEEPS, replace(NONE, stays="d.c:50"),
                                  replace(KEEPS, stays="d.c:50")])
def test_what_does_not_pass_the_pool_is_an_old_one(left: Facts) -> None:
    found = shown(left, replace(left, sync=True, max_len=ALL))
    assert found.no_new and not found.clean
    assert found.old[-1] == DEVICE
    assert any(place in one for one in found.old for place in ("d.c:40", "d.c:50"))


def test_what_passes_the_pool_is_clean_where_nothing_was_synced_before() -> None:
    found = shown(NONE, replace(NONE, sync=True, max_len=ALL))
    assert found.clean


def test_what_the_cpu_writes_before_the_device_has_it_is_an_old_one() -> None:
    before = replace(NONE, fills=(Fill(raw=False, place="d.c:10", touched="d.c:12"),))
    found = shown(before, replace(before, sync=True, max_len=ALL))
    assert found.no_new and found.old[-1] == DEVICE and len(found.old) == 3


@pytest.mark.long
def test_a_sync_that_goes_for_memory_that_was_kept_is_a_new_one() -> None:
    """A part that the ring keeps is not synced by the pool, whoever did it before."""
    before = replace(KEEPS, fills=(Fill(raw=True, place="d.c:10"),))
    assert shown(before, replace(KEEPS, sync=True, max_len=ALL)).no_new
    assert not shown(before, KEEPS).no_new


def test_a_read_that_nothing_syncs_for_the_cpu_is_an_old_one() -> None:
    before = replace(NONE, synced=False)
    found = shown(before, replace(before, sync=True, max_len=ALL))
    assert found.no_new and "the CPU reads" in found.old[-1]


@pytest.mark.long
def test_an_order_of_its_own_is_all_of_its_memory() -> None:
    two = replace(RAW, order=1)
    assert shown(two, replace(STEP, order=1, max_len=2 * ALL)).clean
    assert shown(two, replace(STEP, order=1)).new


@pytest.mark.parametrize("case", [
    (RAW, STEP), (RAW, replace(STEP, puts=(Put(-1, "a"), Put(0, "b")))),
    (KEEPS, replace(KEEPS, sync=True, max_len=ALL)),
    (replace(NONE, stays="c"), replace(NONE, stays="c", sync=True, max_len=ALL))])
def test_states_that_count_as_one_tell_the_same(case: tuple[Facts, Facts],
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing merged, fewer events show the same."""
    merged = [shown(*case, events=events, buffers=2) for events in range(1, 7)]
    shown.cache_clear()
    count = itertools.count()
    monkeypatch.setattr(orders, "_key", lambda _: (next(count),))
    plain = [shown(*case, events=events, buffers=2) for events in range(1, 7)]
    shown.cache_clear()

    def told(found: Shown) -> tuple[bool, bool, int, int]:
        return bool(found.new), bool(found.old), len(found.new), len(found.old)

    assert [told(one) for one in merged] == [told(one) for one in plain]
    assert merged[-1].states * 2 < plain[-1].states


def test_a_pool_that_syncs_nothing_on_return_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown rests on what the pool does."""
    monkeypatch.setattr(pool.PagePool, "_sync_for_device", lambda *_: None)
    shown.cache_clear()
    try:
        assert shown(RAW, STEP).new[-1] == DEVICE
    finally:
        shown.cache_clear()


# The clamp of net/core/page_pool.c, __page_pool_dma_sync_for_device().

def made(offset: int = 0, max_len: int = ALL, flags: rt.PP_FLAG | None = None) -> rt.PagePool:
    both = rt.PP_FLAG.DMA_MAP | rt.PP_FLAG.DMA_SYNC_DEV
    return rt.page_pool_create(rt.PagePoolParams(
        rt.Device(), both if flags is None else flags, max_len=max_len, offset=offset))


def bits(start: int, count: int) -> int:
    return ((1 << count) - 1) << start


def given_back(one: rt.PagePool, size: int) -> Memory:
    """Memory of which the CPU had all, given back with a size."""
    netmem = rt.page_pool_alloc_netmems(one)
    memory = netmem.memory
    assert memory is not None
    memory.give_to_cpu(0, ALL)
    assert not memory.device_bits
    rt.page_pool_put_netmem(one, netmem, size, True)
    return memory


@pytest.mark.parametrize(("size", "synced"), [
    (0, 0), (1, 1), (64, 64), (999, 999), (1000, 1000), (1001, 1000), (ALL, 1000),
    (-1, 1000), (2**32 - 2, 1000)])
def test_a_put_syncs_its_size_and_never_more_than_max_len(size: int, synced: int) -> None:
    assert given_back(made(128, 1000), size).device_bits == bits(128, synced)


def test_new_memory_is_synced_from_the_offset_for_max_len() -> None:
    memory = rt.page_pool_alloc_netmems(made(128, 1000)).memory
    assert memory is not None and memory.device_bits == bits(128, 1000)


def test_without_the_flag_nothing_is_synced() -> None:
    one = made(flags=rt.PP_FLAG.DMA_MAP)
    memory = rt.page_pool_alloc_netmems(one).memory
    assert memory is not None and not memory.device_bits
    assert not given_back(one, -1).device_bits


def test_only_the_last_reference_syncs_and_with_its_own_size() -> None:
    one = made()
    netmem = rt.page_pool_alloc_netmems(one)
    memory = netmem.memory
    assert memory is not None
    rt.page_pool_fragment_netmem(netmem, 2)
    memory.give_to_cpu(0, ALL)
    rt.page_pool_put_netmem(one, netmem, -1, True)
    assert not memory.device_bits
    rt.page_pool_put_netmem(one, netmem, 0, True)
    assert not memory.device_bits


def test_what_the_stack_gives_back_is_synced_whole() -> None:
    one = made(128, 1000)
    netmem = rt.page_pool_alloc_netmems(one)
    memory = netmem.memory
    assert memory is not None
    memory.give_to_cpu(0, ALL)
    skb = rt.Skb(pp_recycle=True)
    rt.skb_add_rx_frag_netmem(skb, 0, netmem, 0, 64, ALL)
    rt.kfree_skb(skb)
    assert memory.device_bits == bits(128, 1000)


def test_a_page_of_buffers_is_synced_whole_once_all_are_back() -> None:
    one = made()
    first, _ = rt.page_pool_alloc_frag_netmem(one, ALL // 2)
    second, _ = rt.page_pool_alloc_frag_netmem(one, ALL // 2)
    memory = first.memory
    assert memory is not None
    memory.give_to_cpu(0, ALL)
    rt.page_pool_put_netmem(one, first, 0, True)
    rt.page_pool_put_netmem(one, second, 0, True)
    assert not memory.device_bits
    # The pool's own share goes with the next piece that does not fit.
    rt.page_pool_alloc_frag_netmem(one, ALL)
    assert memory.device_bits == bits(0, ALL)


def test_two_drivers_of_other_calls_are_not_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        shown(RAW, replace(STEP, puts=STEP.puts[:1]))
