# SPDX-License-Identifier: GPL-2.0-only
"""The model's data: complete in itself, and one with the table that conversions rest on."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from netmem_migrate.model import names
from netmem_migrate.model.forms import table
from netmem_migrate.model.functions import BY_NAME, FUNCTIONS, LEVELS
from netmem_migrate.model.schema import ApiFunction, Context, Effect, Name, Side, parameters
from netmem_migrate.model.sync.headers import SOURCES
from netmem_migrate.model.target import bundled, counts, missing
from netmem_migrate.model.twins import Twin, twins

RELEASE = re.compile(r"\d+\.\d+")


def number(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))


@pytest.mark.parametrize("twin", twins(table()), ids=lambda twin: twin.page)
def test_each_twin_is_in_the_model(twin: Twin) -> None:
    page, netmem = BY_NAME[twin.page], BY_NAME[twin.netmem]
    assert page.partner == netmem.name
    assert (page.side, netmem.side) == (Side.PAGE, Side.NETMEM)
    assert page.memory == netmem.memory == twin.arg
    assert page.gives == netmem.gives == twin.gives
    assert page.effect == netmem.effect
    assert page.context == netmem.context
    assert len(netmem.parameters) == len(page.parameters) + bool(twin.extra)


@pytest.mark.parametrize("twin", twins(table()), ids=lambda twin: twin.page)
def test_levels_that_lack_a_twin_are_the_models(twin: Twin) -> None:
    """The twin of 6.12 with other arguments counts as missing there."""
    netmem = BY_NAME[twin.netmem]
    assert twin.parameters == len(netmem.parameters)
    assert twin.since == netmem.since or netmem.earlier
    for level in LEVELS:
        lacks = bool(netmem.since) and number(netmem.since) > number(level)
        other = any(number(until) >= number(level) for until, _ in netmem.earlier)
        assert (lacks or other) == (not bundled(level).fits(twin))


def test_what_a_level_lacks_follows_from_the_versions_of_the_functions() -> None:
    assert missing("6.12", table()) == {
        "page_pool_alloc_netmems", "page_pool_dev_alloc_netmems", "page_pool_dev_alloc_netmem",
        "page_pool_recycle_direct_netmem", "page_pool_dma_sync_netmem_for_cpu",
        "get_netmem", "put_netmem", "skb_can_coalesce_netmem", "netmem_to_nmdesc",
        "netmem_is_pfmemalloc", "virt_to_netmem"}
    assert missing("7.3", table()) == frozenset()
    assert counts("6.12", table()) == {"page_pool_alloc_netmem": 2}
    assert counts("7.3", table()) == {"page_pool_alloc_netmem": 4}


def test_names_are_unique() -> None:
    for entries in (FUNCTIONS, names.NAMES):
        assert Counter(one.name for one in entries).most_common(1)[0][1] == 1
    assert set(names.BY_NAME) == {one.name for one in names.NAMES}
    assert set(BY_NAME) == {one.name for one in FUNCTIONS}


@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.name)
def test_an_entry_is_sound(one: ApiFunction) -> None:
    assert one.header in {source.path for source in SOURCES}
    assert re.search(rf"\b{one.name}\(", one.prototype)
    if one.memory is not None:
        assert one.memory < len(one.parameters)
    assert one.effect is not Effect.UNKNOWN
    assert re.fullmatch(r"(?!The same |Takes that )\S.*\.", one.doc)  # stands alone in `api show`
    if one.effect in (Effect.RELEASES, Effect.TAKES, Effect.DROPS, Effect.HANDS_OVER):
        assert one.memory is not None
    if one.effect is Effect.ALLOCATES and one.gives:
        assert one.may_be_null
    if one.partner:
        other = BY_NAME[one.partner]
        assert one.side != other.side or one.side is Side.NONE or "net_iov" in one.name + other.name
        assert one.effect == other.effect


def test_versions_are_in_order() -> None:
    entries: tuple[ApiFunction | Name, ...] = (*FUNCTIONS, *names.NAMES)
    for one in entries:
        levels = [one.since, *(level for level, _ in one.earlier), one.until]
        assert all(RELEASE.fullmatch(level) for level in levels if level), one.name
        told = [number(level) for level in levels if level]
        assert told == sorted(told), one.name
    assert list(LEVELS) == sorted(LEVELS, key=number)


def test_the_types_of_the_prototype_fit_the_side() -> None:
    for one in FUNCTIONS:
        if one.memory is None or one.is_macro:
            continue
        argument = one.parameters[one.memory]
        if one.side is Side.NETMEM and one.name not in ("virt_to_netmem", "skb_frag_net_iov"):
            assert "netmem_ref" in argument or "net_iov" in argument or "frag" in argument, one.name
        if one.side is Side.PAGE and "page" not in argument and "frag" not in argument:
            assert one.name in ("virt_to_head_page", "release_pages", "page_pool_put_page_bulk")


def test_parameters_are_split_outside_of_brackets() -> None:
    assert parameters("void f(void)") == parameters("f()") == ()
    assert parameters("int f(void (*g)(int, int), char *s)") == ("void (*g)(int, int)", "char *s")
    assert parameters("f(a, ...)") == ("a", "...")


def test_direct_recycling_is_for_napi_and_allocation_for_the_consumer() -> None:
    assert BY_NAME["page_pool_recycle_direct"].context is Context.NAPI
    for one in FUNCTIONS:
        if one.name.startswith("page_pool_") and one.effect is Effect.ALLOCATES:
            assert one.context is Context.CONSUMER


def test_members_name_a_record() -> None:
    for one in names.NAMES:
        assert ("." in one.name) == (one.kind == "field")
