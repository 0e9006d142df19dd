# SPDX-License-Identifier: GPL-2.0-only
"""The names of the kernel that following a path needs and that model/ has no column for yet.

Nothing else in check/ but the modules of check/rules/ spells a kernel name.
"""

from __future__ import annotations

import re

from netmem_migrate.c.types import Derivation
from netmem_migrate.model.spelled import REF

FILE = re.compile(rb"page_pool_|netmem|skb_add_rx_frag|skb_frag|skb_fill_page_desc")
"""A text without any of these touches no memory of a pool."""

OWNS = re.compile(
    rb"\b(?:page_pool_(?:dev_)?alloc\w*|page_pool_(?:put|recycle|free|ref|fragment)\w*|"
    rb"skb_add_rx_frag\w*|(?:__)?skb_fill_(?:page|netmem)_desc\w*|skb_frag_fill_\w+_desc|"
    rb"napi_pp_put_page|get_netmem|put_netmem)\s*\(")
"""Calls that change who owns memory of a pool: a function without any of them is not followed."""

MEMORY: tuple[tuple[str, tuple[Derivation, ...]], ...] = (
    ("struct page", ("p",)), (REF, ()))
"""Base and derivations of the types that are memory."""

PAGE = "struct page *"

POOL = "page_pool_"
"""How calls begin that take from a pool or give back to one; other allocators are not judged."""

FOR_DEVICE = "page_pool_get_dma_addr"
"""How calls begin whose result is the memory's address for the device."""

SEVERAL = "_bulk"
"""How calls end that take an array of memory, which is not followed element by element."""

TRANSPARENT = frozenset((b"likely", b"unlikely", b"WARN_ON", b"WARN_ON_ONCE", b"READ_ONCE",
                         b"__builtin_expect", b"DEBUG_NET_WARN_ON_ONCE"))
"""Calls whose value, or at least its truth, is that of their argument."""

NEVER_RETURNS = frozenset((b"BUG", b"unreachable", b"panic", b"__builtin_unreachable"))
ENDS_IF_TRUE = b"BUG_ON"
STORES = b"WRITE_ONCE"
"""Writes its second argument to its first."""
SWAPS = "swap"
"""Exchanges its two arguments."""

HARMLESS = re.compile(
    r"netdev_\w+|dev_(?:err|warn|info|dbg|\w+_ratelimited|kfree_skb\w*|consume_skb\w*)|netif_\w+|"
    r"skb_(?:put|pull|push|reserve|headlen|headroom|tailroom|mark_for_recycle|record_rx_queue|"
    r"checksum_none_assert|copy_to_linear_data\w*|shinfo|is_nonlinear|put_data|set_hash|"
    r"frag_\w+|end_pointer|tail_pointer|reset_\w+|set_\w+|metadata_set|header_cloned|"
    r"hwtstamps|trim|add_data|network_\w+|mac_\w+|transport_\w+|linearize|cow_head)|"
    r"__skb_\w+|kfree_skb\w*|consume_skb|eth_\w+|napi_(?:alloc_skb|gro_receive|gro_frags|get_frags|"
    r"schedule\w*|complete\w*)|"
    r"le\d+\w*|cpu_to_\w+|be\d+\w*|__?cpu_to_\w+|"
    r"min\w*|max\w*|clamp\w*|ALIGN\w*|DIV_ROUND_UP|ARRAY_SIZE|FIELD_\w+|GENMASK|BIT|"
    r"u64_stats_\w+|prefetch\w*|net_prefetch\w*|memcpy|memset|memmove|memcmp|"
    r"WARN\w*|BUG_ON|pr_\w+|PTR_ERR\w*|IS_ERR\w*|ERR_PTR|IS_ENABLED|"
    r"spin_\w+|mutex_\w+|rcu_\w+|local_\w+|(?:r|w|m)?mb|smp_\w+|dma_(?:r|w|m)mb|barrier|"
    r"dma_sync_\w+|dma_mapping_error|dma_unmap_\w+|page_pool_\w+|netmem_\w+|"
    r"net_ratelimit|upper_32_bits|lower_32_bits|read\w|write\w|ioread\w+|iowrite\w+|"
    r"u64_\w+|atomic\w*|test_bit|set_bit|clear_bit|trace_\w+|offset_in_page|"
    r"csum_\w+|vlan_\w+|__vlan_\w+|xdp_buff_\w+|xdp_get_\w+|xdp_set_\w+|xdp_update_\w+|sizeof|"
    r"struct_size|swab\d+|ntoh\w+|hton\w+|container_of|this_cpu_\w+|page_to_\w+|virt_to_\w+"
)
"""Calls that keep nothing of what they are given and write no member of the driver."""

KEEPS = frozenset(("xdp_prepare_buff", "__page_frag_cache_drain"))
"""Calls with effects on ownership that the model does not name: the address is kept by what it is
given to, or several references go at once."""
