# SPDX-License-Identifier: GPL-2.0-only
"""The words of the claims of a message: one place for each sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from netmem_migrate.model.spelled import (
    ADDRESS,
    DMA_MAP,
    DMA_SYNC,
    POOL,
    QUEUE_OPS,
    REF,
    TO_PAGE,
    UNREADABLE,
)
from netmem_migrate.patch.disclosure import NAME
from netmem_migrate.patch.kinds import Claim, Kind
from netmem_migrate.report.wording import listed

DOCUMENT = "Documentation/networking/netmem.rst"
_MAX_NAMES = 4
_PLURAL = {"parameter": "parameters", "return": "return values", "local": "locals"}


def some(names: Sequence[str], noun: str) -> str:
    """The names, or how many where a list would be long."""
    return listed(names) if len(names) <= _MAX_NAMES else f"{len(names)} {noun}"


def _first(places: Sequence[str]) -> str:
    """Of several places the first."""
    return f"first {places[0]}" if len(places) > 1 else places[0]


def _functions(count: int) -> str:
    return "1 function" if count == 1 else f"{count} functions"


def _kept(claim: Claim) -> str:
    calls, functions = claim.names[:claim.count], claim.names[claim.count:]
    return f"{some(calls, 'calls')} in {some(functions, 'functions')}: {claim.text}"


def _asked(say: Callable[[Claim], str]) -> Callable[[Claim], str]:
    """What a requirement asks for, with its number."""
    return lambda one: say(one) + (f" ({one.text})" if one.text else "")


_WORDS: dict[Kind, Callable[[Claim], str]] = {
    Kind.REASON: lambda one: one.text,
    Kind.ASKED: lambda _: (
        f"{DOCUMENT} asks drivers to hold payload memory of a page_pool as {REF}, which need not "
        "be a page (Rx 3)."),
    Kind.GENERAL: lambda _: (
        f"Hold memory of the page_pool as {REF}, which need not be a page, instead of as struct "
        "page."),
    Kind.PLAIN: lambda _: f"Hold memory of the page_pool as {REF} instead of as struct page.",
    Kind.FRAGS: lambda one: (
        f"Memory of this driver goes into frags by {listed(one.names)}."),
    Kind.HEADS: lambda one: (
        (f"In {one.text} memory" if one.text else "It")
        + f" comes to the stack only as heads ({listed(one.names)}), which the CPU reads: no "
        "device memory can take its place."),
    Kind.SERIES: lambda one: (
        f"Hold memory of page_pools as {REF} instead of as struct page"
        + (", one driver a patch." if one.count > 1 else ".")),
    Kind.PREPARED: lambda one: (
        f"{one.count} patches before make room for that:" if one.count > 1
        else "A patch before makes room for that:"),
    Kind.STEPS: lambda one: (
        f"{one.count} patches, each for memory that is no page:" if one.count > 1
        else "A patch for memory that is no page:"),
    Kind.BEHIND: lambda one: (
        f"{one.count} later patches go further:" if one.count > 1
        else "A later patch goes further:"),
    Kind.APART: lambda _: "The patches do not depend on each other.",
    Kind.MEMBERS: lambda one: f"{one.text}: {', '.join(one.names)}",
    Kind.GLOBALS: lambda one: f"global {', '.join(one.names)}",
    Kind.SIGNATURES: lambda one: (
        f"{listed([_PLURAL[name] for name in one.names])} in {_functions(one.count)}"),
    Kind.KEPT: _kept,
    Kind.LEFT: lambda one: f"{one.text}; not done here",
    Kind.REFUSED: lambda one: f"{one.names[0]}: {one.names[1]}: {one.text}",
    Kind.UNCONVERTED: lambda one: (
        f"{one.count} places are not converted:" if one.count > 1 else "1 place is not converted:"),
    Kind.CORE_FIRST: lambda one: (
        f"The base lacks {listed([f'{name}()' for name in one.names])}. "
        + ("Each has to be added by a core patch of its own" if len(one.names) > 1
           else "It has to be added by a core patch of its own")
        + " before this series, where what needs it is to follow."),
    Kind.ELSEWHERE: lambda one: (
        f"{one.count} call{'s' if one.count > 1 else ''} in files of the driver that this patch "
        "does not touch"),
    Kind.LACKS: lambda one: (
        f"The base lacks {listed([f'{name}()' for name in one.names])}: a core patch of its own "
        "has to add it before the calls kept for it can follow."),
    Kind.BRIDGED: lambda one: (
        f"{one.text} makes a netmem of what is not held as one, {_first(one.names)}."),
    Kind.OF_HEADS: lambda one: (
        f"{TO_PAGE}() gives a page of a ring of heads ({one.text}), {_first(one.names)}: only the "
        "CPU looks at it."),
    Kind.ACCESSOR: lambda _: (
        "Where only a page will do, one accessor gives it, as was asked for."),
    Kind.GFP: lambda one: (
        f"{one.names[0]}() spells out the flags that {one.names[1]}() implied: the base has no "
        f"{one.names[2]}(), which a core patch could add first."),
    Kind.NO_SPLIT: _asked(lambda _: "no file of it handles tcp-data-split"),
    Kind.NO_MAP: _asked(lambda _: f"{DMA_MAP} and {DMA_SYNC} are not both set"),
    Kind.NOT_ALLOWED: _asked(lambda _: f"{UNREADABLE} is not set"),
    Kind.UNTESTED: _asked(lambda one: (
        f"{ADDRESS}() is used without a test for NULL in {some(one.names, 'functions')}")),
    Kind.RAW_SYNC: _asked(lambda one: (
        f"dma_sync_*_for_cpu() is called directly, {_first(one.names)}")),
    Kind.RECYCLES: _asked(lambda one: (
        f"it recycles by counting references, {_first(one.names)}")),
    Kind.NO_QUEUE_OPS: lambda _: f"no file of it sets {QUEUE_OPS}",
    Kind.MADE: lambda one: f"The change and this text were made by {NAME} {one.names[0]}:",
    Kind.EDITED: lambda one: (
        f"The change, edited by hand since, and this text were made by {NAME} {one.names[0]}:"),
    Kind.PAGES_ONLY: lambda one: (
        f"No functional change is intended{one.text}: {UNREADABLE} is not set, so the "
        + ("pools give" if one.count > 1 else "pool gives") + " pages only."),
    Kind.ADDRESSES: lambda one: (
        f"No functional change is intended: {UNREADABLE} is not set, so the pool gives pages only "
        f"and {ADDRESS}() is {listed(one.names)}."),
    Kind.FOR_PAGES: lambda one: f"No functional change is intended{one.text} for pages.",
    Kind.HEAD: lambda one: f"{one.names[0]} is the same as {one.names[1]} for head pages.",
    Kind.OF_POOL: lambda one: f"{one.names[0]} is the same as {one.names[1]} for pages of a pool.",
    Kind.POOL_SYNCS: lambda one: (
        f"{one.names[0]} is the same as {one.names[1]} where the pool syncs for the CPU."),
}


def memory(rx_buffers: bool) -> str:
    """What a title calls that which moves."""
    return "Rx buffers" if rx_buffers else f"{POOL} memory"


def words(claim: Claim) -> str:
    """A claim as a sentence, or as an item of a list."""
    return _WORDS[claim.kind](claim)
