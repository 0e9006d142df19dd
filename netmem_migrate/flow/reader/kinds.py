# SPDX-License-Identifier: GPL-2.0-only
"""Which functions of the kernel are of which kind to the reader."""

from __future__ import annotations

import re

from netmem_migrate.model.kernel_calls import named
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.twins import HINTS

_HINTS = frozenset(name.encode() for name in HINTS)
TRANSPARENT = frozenset({
    b"likely", b"unlikely", b"READ_ONCE", b"rcu_dereference", b"rcu_dereference_protected",
    b"rtnl_dereference", b"rcu_access_pointer", b"WARN_ON", b"WARN_ON_ONCE", b"BUG_ON",
    b"DEBUG_NET_WARN_ON_ONCE", b"ACCESS_ONCE", b"VM_BUG_ON",
})
PRINTS = frozenset({b"WARN", b"WARN_ONCE"})
MEMORY = frozenset({
    b"kfree", b"kvfree", b"vfree", b"devm_kfree", b"memset", b"kfree_rcu",
    b"bitmap_free", b"ksize",
})
COPIES = frozenset({b"kmemdup", b"kmemdup_array", b"devm_kmemdup"})
_COUNTS = frozenset(name.encode() for name in named(Trait.COUNTS))
_HOST_READERS = frozenset({b"build_skb", b"napi_build_skb", b"slab_build_skb",
                           b"build_skb_around", b"xdp_prepare_buff"})
FLEXIBLE = frozenset({b"struct_size", b"flex_array_size"})
_SIZED_ALLOC = re.compile(rb"^(?:k|v|kv|devm_k)[mzc]alloc_(?:obj|objs|flex)$")
_ENTRY = re.compile(rb"^(?:container_of(?:_const)?|\w*_entry(?:_rcu|_safe)?|typecheck)$")
_GIVES_PAGE = re.compile(
    rb"^(?:virt_to_(?:head_)?page|skb_frag_page|(?:__)?(?:dev_)?alloc_pages?(?:_\w+)?"
    rb"|pfn_to_page|phys_to_page|sg_page|vmalloc_to_page|(?:__)?netmem_to_page|bvec_page"
    rb"|folio_page|skb_frag_off_page|dma_alloc_pages|xsk_buff_\w*page|iova_to_page)$")
# The kernel names what allocates so, whatever it allocates.
_ALLOCATES = re.compile(rb"^\w*alloc\w*$")


def is_hint(name: bytes) -> bool:
    return name in _HINTS


def counts(name: bytes) -> bool:
    return name in _COUNTS


def grants(name: bytes) -> bool:
    return name.startswith((b"gnttab_", b"xenbus_grant"))


def gives_page(name: bytes) -> bool:
    return _GIVES_PAGE.match(name) is not None


def reads_packet(name: bytes) -> bool:
    return name in _HOST_READERS


def sized(name: bytes) -> bool:
    return _SIZED_ALLOC.match(name) is not None


def entry(name: bytes) -> bool:
    return _ENTRY.match(name) is not None


def allocates(name: bytes) -> bool:
    return _ALLOCATES.match(name) is not None
