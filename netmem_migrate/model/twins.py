# SPDX-License-Identifier: GPL-2.0-only
"""The calls that take or give pool memory, in their page and their netmem form.

Follows include/net/page_pool/helpers.h, include/net/page_pool/types.h, include/net/netmem.h and
include/linux/skbuff.h. `Twin` is one row of the correspondence that conversions rest on, and from
which the identity overlay of the proof is generated. A kernel that lacks the twin itself may have
an equivalent: another netmem function that does the same with one argument more, as that kernel's
own headers define the page function.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Concern(StrEnum):
    """Which pass rewrites a call; the value is that pass's id."""

    ALLOCATION = "allocation"
    RELEASE = "release"
    DMA_ADDRESS = "dma-address"
    REFERENCES = "references"
    FRAGS = "frags"
    ADDRESSES = "addresses"
    POOL_SYNC = "pool-sync"
    PAGE_FIELDS = "page-fields"


@dataclass(frozen=True, slots=True)
class Equivalent:
    """Another netmem function for a page call, for kernels that lack the twin.

    `parameters` is how many it takes; one name can be two functions in two releases. `extra` is
    an argument that it takes in addition to those of the page call, last.
    """

    netmem: str
    parameters: int
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Twin:
    """A page call and its netmem partner.

    `parameters` is how many the partner takes, and `since` the oldest release known to have it
    ("": every one that has netmem). `arg` is the 0-based argument that carries the page (None:
    none does); `gives` says that the result is a page. `extra` is an argument that the partner
    takes in addition, last. `others` are equivalents, in order of preference. `pool_api` marks
    the page_pool page API, whose every call is a `Site` of the report.
    """

    page: str
    netmem: str
    parameters: int
    concern: Concern
    header: str
    arg: int | None = 0
    gives: bool = False
    extra: str = ""
    pool_api: bool = False
    since: str = ""
    others: tuple[Equivalent, ...] = ()

    @property
    def forms(self) -> tuple[Twin, ...]:
        """This row, then the same row with each equivalent in place of the partner."""
        return (self, *(replace(self, netmem=one.netmem, parameters=one.parameters,
                                extra=one.extra, since="", others=()) for one in self.others))


_HELPERS = "net/page_pool/helpers.h"
_TYPES = "net/page_pool/types.h"
_NETMEM = "net/netmem.h"
_SKBUFF = "linux/skbuff.h"
# What the dev variants imply.
_ATOMIC = "GFP_ATOMIC | __GFP_NOWARN"
# 6.12 had page_pool_alloc_netmem(pool, gfp), which is page_pool_alloc_netmems() of 6.14 and later.
_OLD_ALLOC = "page_pool_alloc_netmem"

TWINS: tuple[Twin, ...] = (
    # allocation
    Twin("page_pool_alloc_pages", "page_pool_alloc_netmems", 2, Concern.ALLOCATION, _TYPES,
         arg=None, gives=True, pool_api=True, since="6.14",
         others=(Equivalent(_OLD_ALLOC, 2),)),
    Twin("page_pool_dev_alloc_pages", "page_pool_dev_alloc_netmems", 1, Concern.ALLOCATION,
         _HELPERS, arg=None, gives=True, pool_api=True, since="6.17",
         others=(Equivalent("page_pool_alloc_netmems", 2, _ATOMIC),
                 Equivalent(_OLD_ALLOC, 2, _ATOMIC))),
    Twin("page_pool_alloc", "page_pool_alloc_netmem", 4, Concern.ALLOCATION, _HELPERS, arg=None,
         gives=True, pool_api=True, since="6.14"),
    Twin("page_pool_dev_alloc", "page_pool_dev_alloc_netmem", 3, Concern.ALLOCATION, _HELPERS,
         arg=None, gives=True, pool_api=True, since="6.17",
         others=(Equivalent("page_pool_alloc_netmem", 4, _ATOMIC),)),
    Twin("page_pool_alloc_frag", "page_pool_alloc_frag_netmem", 4, Concern.ALLOCATION, _TYPES,
         arg=None, gives=True, pool_api=True),
    # There is no dev variant for netmem: the gfp that the page helper implies is written out.
    Twin("page_pool_dev_alloc_frag", "page_pool_alloc_frag_netmem", 4, Concern.ALLOCATION, _TYPES,
         arg=None, gives=True, extra=_ATOMIC, pool_api=True),
    # release
    Twin("page_pool_put_page", "page_pool_put_netmem", 4, Concern.RELEASE, _HELPERS, arg=1,
         pool_api=True),
    Twin("page_pool_put_full_page", "page_pool_put_full_netmem", 3, Concern.RELEASE, _HELPERS,
         arg=1, pool_api=True),
    Twin("page_pool_put_unrefed_page", "page_pool_put_unrefed_netmem", 4, Concern.RELEASE, _TYPES,
         arg=1, pool_api=True),
    Twin("page_pool_recycle_direct", "page_pool_recycle_direct_netmem", 2, Concern.RELEASE,
         _HELPERS, arg=1, pool_api=True, since="6.16",
         others=(Equivalent("page_pool_put_full_netmem", 3, "true"),)),
    # DMA address
    Twin("page_pool_get_dma_addr", "page_pool_get_dma_addr_netmem", 1, Concern.DMA_ADDRESS,
         _HELPERS, pool_api=True),
    # pool sync
    Twin("page_pool_dma_sync_for_cpu", "page_pool_dma_sync_netmem_for_cpu", 4, Concern.POOL_SYNC,
         _HELPERS, arg=1, pool_api=True, since="7.3"),
    # references
    Twin("page_pool_fragment_page", "page_pool_fragment_netmem", 2, Concern.REFERENCES, _HELPERS,
         pool_api=True),
    Twin("page_pool_ref_page", "page_pool_ref_netmem", 1, Concern.REFERENCES, _HELPERS,
         pool_api=True),
    Twin("page_pool_unref_page", "page_pool_unref_netmem", 2, Concern.REFERENCES, _HELPERS,
         pool_api=True),
    Twin("get_page", "get_netmem", 1, Concern.REFERENCES, _NETMEM, since="7.3"),
    Twin("put_page", "put_netmem", 1, Concern.REFERENCES, _NETMEM, since="7.3"),
    Twin("page_ref_count", "netmem_ref_count", 1, Concern.REFERENCES, _NETMEM),
    Twin("page_count", "netmem_ref_count", 1, Concern.REFERENCES, _NETMEM),
    # skb and XDP frags
    Twin("skb_add_rx_frag", "skb_add_rx_frag_netmem", 6, Concern.FRAGS, _SKBUFF, arg=2),
    Twin("skb_frag_fill_page_desc", "skb_frag_fill_netmem_desc", 4, Concern.FRAGS, _SKBUFF,
         arg=1),
    Twin("skb_fill_page_desc", "skb_fill_netmem_desc", 5, Concern.FRAGS, _SKBUFF, arg=2),
    Twin("__skb_fill_page_desc", "__skb_fill_netmem_desc", 5, Concern.FRAGS, _SKBUFF, arg=2),
    Twin("__skb_fill_page_desc_noacc", "__skb_fill_netmem_desc_noacc", 5, Concern.FRAGS, _SKBUFF,
         arg=2),
    Twin("skb_can_coalesce", "skb_can_coalesce_netmem", 4, Concern.FRAGS, _SKBUFF, arg=2,
         since="6.17"),
    # addresses
    Twin("page_address", "netmem_address", 1, Concern.ADDRESSES, _NETMEM),
    Twin("page_to_virt", "netmem_address", 1, Concern.ADDRESSES, _NETMEM),
    Twin("compound_head", "netmem_compound_head", 1, Concern.ADDRESSES, _NETMEM, gives=True),
    # facts kept in struct page
    Twin("pp_page_to_nmdesc", "netmem_to_nmdesc", 1, Concern.PAGE_FIELDS, _NETMEM, since="7.3"),
    Twin("page_is_pfmemalloc", "netmem_is_pfmemalloc", 1, Concern.PAGE_FIELDS, _NETMEM,
         since="7.3"),
)

BY_PAGE: dict[str, Twin] = {twin.page: twin for twin in TWINS}
"""Rows by the name of the page call."""

POOL_API: frozenset[str] = frozenset(twin.page for twin in TWINS if twin.pool_api)
"""The page_pool page API, each call of which the report lists."""

HINTS: tuple[str, ...] = ("prefetch", "prefetchw", "net_prefetch", "net_prefetchw")
"""Calls that mean nothing but speed; of a page's own descriptor they have no netmem form."""
