# SPDX-License-Identifier: GPL-2.0-only
"""The calls that take or give pool memory, in their page and their netmem form.

Follows include/net/page_pool/helpers.h, include/net/page_pool/types.h, include/net/netmem.h and
include/linux/skbuff.h. `Twin` is one row of the correspondence that conversions rest on, and from
which the identity overlay of the proof is generated.
"""

from __future__ import annotations

from dataclasses import dataclass
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
class Twin:
    """A page call and its netmem partner.

    `arg` is the 0-based argument that carries the page (None: none does); `gives` says that the
    result is a page. `extra` is an argument that the partner takes in addition, last.
    `pool_api` marks the page_pool page API, whose every call is a `Site` of the report.
    """

    page: str
    netmem: str
    concern: Concern
    header: str
    arg: int | None = 0
    gives: bool = False
    extra: str = ""
    pool_api: bool = False


_HELPERS = "net/page_pool/helpers.h"
_TYPES = "net/page_pool/types.h"
_NETMEM = "net/netmem.h"
_SKBUFF = "linux/skbuff.h"

TWINS: tuple[Twin, ...] = (
    # allocation
    Twin("page_pool_alloc_pages", "page_pool_alloc_netmems", Concern.ALLOCATION, _TYPES,
         arg=None, gives=True, pool_api=True),
    Twin("page_pool_dev_alloc_pages", "page_pool_dev_alloc_netmems", Concern.ALLOCATION, _HELPERS,
         arg=None, gives=True, pool_api=True),
    Twin("page_pool_alloc", "page_pool_alloc_netmem", Concern.ALLOCATION, _HELPERS,
         arg=None, gives=True, pool_api=True),
    Twin("page_pool_dev_alloc", "page_pool_dev_alloc_netmem", Concern.ALLOCATION, _HELPERS,
         arg=None, gives=True, pool_api=True),
    Twin("page_pool_alloc_frag", "page_pool_alloc_frag_netmem", Concern.ALLOCATION, _TYPES,
         arg=None, gives=True, pool_api=True),
    # There is no dev variant for netmem: the gfp that the page helper implies is written out.
    Twin("page_pool_dev_alloc_frag", "page_pool_alloc_frag_netmem", Concern.ALLOCATION, _TYPES,
         arg=None, gives=True, extra="GFP_ATOMIC | __GFP_NOWARN", pool_api=True),
    # release
    Twin("page_pool_put_page", "page_pool_put_netmem", Concern.RELEASE, _HELPERS,
         arg=1, pool_api=True),
    Twin("page_pool_put_full_page", "page_pool_put_full_netmem", Concern.RELEASE, _HELPERS,
         arg=1, pool_api=True),
    Twin("page_pool_put_unrefed_page", "page_pool_put_unrefed_netmem", Concern.RELEASE, _TYPES,
         arg=1, pool_api=True),
    Twin("page_pool_recycle_direct", "page_pool_recycle_direct_netmem", Concern.RELEASE, _HELPERS,
         arg=1, pool_api=True),
    # DMA address
    Twin("page_pool_get_dma_addr", "page_pool_get_dma_addr_netmem", Concern.DMA_ADDRESS, _HELPERS,
         pool_api=True),
    # pool sync
    Twin("page_pool_dma_sync_for_cpu", "page_pool_dma_sync_netmem_for_cpu", Concern.POOL_SYNC,
         _HELPERS, arg=1, pool_api=True),
    # references
    Twin("page_pool_fragment_page", "page_pool_fragment_netmem", Concern.REFERENCES, _HELPERS,
         pool_api=True),
    Twin("page_pool_ref_page", "page_pool_ref_netmem", Concern.REFERENCES, _HELPERS,
         pool_api=True),
    Twin("page_pool_unref_page", "page_pool_unref_netmem", Concern.REFERENCES, _HELPERS,
         pool_api=True),
    Twin("get_page", "get_netmem", Concern.REFERENCES, _NETMEM),
    Twin("put_page", "put_netmem", Concern.REFERENCES, _NETMEM),
    Twin("page_ref_count", "netmem_ref_count", Concern.REFERENCES, _NETMEM),
    Twin("page_count", "netmem_ref_count", Concern.REFERENCES, _NETMEM),
    # skb and XDP frags
    Twin("skb_add_rx_frag", "skb_add_rx_frag_netmem", Concern.FRAGS, _SKBUFF, arg=2),
    Twin("skb_frag_fill_page_desc", "skb_frag_fill_netmem_desc", Concern.FRAGS, _SKBUFF, arg=1),
    Twin("skb_fill_page_desc", "skb_fill_netmem_desc", Concern.FRAGS, _SKBUFF, arg=2),
    Twin("__skb_fill_page_desc", "__skb_fill_netmem_desc", Concern.FRAGS, _SKBUFF, arg=2),
    Twin("__skb_fill_page_desc_noacc", "__skb_fill_netmem_desc_noacc", Concern.FRAGS, _SKBUFF,
         arg=2),
    Twin("skb_can_coalesce", "skb_can_coalesce_netmem", Concern.FRAGS, _SKBUFF, arg=2),
    # addresses
    Twin("page_address", "netmem_address", Concern.ADDRESSES, _NETMEM),
    Twin("page_to_virt", "netmem_address", Concern.ADDRESSES, _NETMEM),
    Twin("compound_head", "netmem_compound_head", Concern.ADDRESSES, _NETMEM, gives=True),
    # facts kept in struct page
    Twin("pp_page_to_nmdesc", "netmem_to_nmdesc", Concern.PAGE_FIELDS, _NETMEM),
    Twin("page_is_pfmemalloc", "netmem_is_pfmemalloc", Concern.PAGE_FIELDS, _NETMEM),
)

BY_PAGE: dict[str, Twin] = {twin.page: twin for twin in TWINS}
"""Rows by the name of the page call."""

POOL_API: frozenset[str] = frozenset(twin.page for twin in TWINS if twin.pool_api)
"""The page_pool page API, each call of which the report lists."""

HINTS: tuple[str, ...] = ("prefetch", "prefetchw", "net_prefetch", "net_prefetchw")
"""Calls that mean nothing but speed; of a page's own descriptor they have no netmem form."""
