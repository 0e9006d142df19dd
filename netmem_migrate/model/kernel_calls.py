# SPDX-License-Identifier: GPL-2.0-only
"""Functions of the kernel that are no part of the page_pool API, and what is said of them.

They stand beside the API in drivers and are known by what they do to what they are given. Where the
kernel has families of them, a pattern says so. `traits()` joins this with what
netmem_migrate/model/functions.py says of the API's own functions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from netmem_migrate.model.functions import BY_NAME, FUNCTIONS
from netmem_migrate.model.schema import Trait


@dataclass(frozen=True, slots=True)
class KernelCall:
    """Functions by name, and what is said of all of them."""

    names: tuple[str, ...]
    traits: tuple[Trait, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """Functions whose whole name a pattern matches, and what is said of all of them."""

    names: re.Pattern[str]
    traits: tuple[Trait, ...]


CALLS: tuple[KernelCall, ...] = (
    KernelCall(("likely", "unlikely", "READ_ONCE"), (Trait.GIVES_BACK, Trait.PURE)),
    KernelCall(("rcu_dereference", "rcu_dereference_protected", "rtnl_dereference",
                "rcu_access_pointer", "WARN_ON", "WARN_ON_ONCE", "BUG_ON",
                "DEBUG_NET_WARN_ON_ONCE", "ACCESS_ONCE", "VM_BUG_ON", "__builtin_expect"),
               (Trait.GIVES_BACK,)),
    KernelCall(("IS_ERR", "IS_ERR_OR_NULL", "PTR_ERR", "PTR_ERR_OR_ZERO", "ERR_PTR", "ERR_CAST"),
               (Trait.ERROR_POINTER,)),
    KernelCall(("WARN", "WARN_ONCE"), (Trait.PRINTS,)),
    KernelCall(("WRITE_ONCE",), (Trait.STORES,)),
    KernelCall(("swap",), (Trait.SWAPS,)),
    KernelCall(("kfree", "kvfree", "vfree", "devm_kfree", "memset", "kfree_rcu", "bitmap_free",
                "ksize"), (Trait.ANY_MEMORY,)),
    KernelCall(("kmemdup", "kmemdup_array", "devm_kmemdup"), (Trait.COPIES,)),
    KernelCall(("page_ref_freeze",), (Trait.COUNTS,)),
    KernelCall(("offsetof", "offsetofend", "sizeof_field", "typeof_member",
                "FIELD_SIZEOF"), (Trait.NAMES_MEMBER,)),
    KernelCall(("struct_size", "flex_array_size"), (Trait.FLEXIBLE,)),
    KernelCall(("pfn_to_page", "phys_to_page", "sg_page", "vmalloc_to_page", "bvec_page",
                "folio_page", "skb_frag_off_page", "dma_alloc_pages", "iova_to_page"),
               (Trait.GIVES_PAGE,)),
    KernelCall(("PTR_ALIGN", "PTR_ALIGN_DOWN", "ALIGN", "ALIGN_DOWN", "round_up", "round_down",
                "virt_to_phys", "virt_to_bus", "__pa", "phys_to_virt", "__va", "virt_to_page",
                "virt_to_head_page"), (Trait.NEAR,)),
    KernelCall(("phys_to_virt", "__va", "bus_to_virt", "iommu_iova_to_phys"),
               (Trait.FROM_DEVICE,)),
    KernelCall(("xdp_get_shared_info_from_buff", "xdp_get_shared_info_from_frame",
                "xdp_get_buff_len"), (Trait.OF_XDP,)),
    KernelCall(("bpf_prog_run_xdp", "bpf_prog_run", "xdp_do_redirect", "xdp_do_generic_redirect",
                "xdp_convert_buff_to_frame", "xdp_return_frame", "xdp_return_frame_rx_napi",
                "xdp_return_frame_bulk", "ndo_xdp_xmit", "ndo_bpf", "xdp_frame"),
               (Trait.RUNS_XDP,)),
    KernelCall(("virtqueue_get_buf", "virtqueue_get_buf_ctx", "virtqueue_detach_unused_buf"),
               (Trait.GIVES_TOKEN,)),
    KernelCall(("virtqueue_add_inbuf", "virtqueue_add_inbuf_ctx", "virtqueue_add_inbuf_premapped",
                "virtqueue_add_inbuf_cache_clean"), (Trait.TAKES_TOKEN,)),
    KernelCall(("memcpy", "memmove", "memcpy_fromio", "skb_copy_to_linear_data",
                "skb_copy_to_linear_data_offset", "skb_put_data"), (Trait.CPU_COPIES,)),
    KernelCall(("sg_set_buf", "sg_init_one", "sg_set_page"), (Trait.MAPS,)),
    KernelCall(("skb_frag_fill_netmem_desc", "__skb_fill_netmem_desc_noacc"), (Trait.UNMARKED,)),
    KernelCall(("netmem_is_net_iov", "skb_frag_is_net_iov", "page_pool_is_unreadable"),
               (Trait.TELLS_UNREADABLE,)),
    KernelCall(("build_skb", "napi_build_skb", "slab_build_skb", "alloc_skb", "napi_alloc_skb",
                "netdev_alloc_skb", "netdev_alloc_skb_ip_align", "dev_alloc_skb"),
               (Trait.FAILS_CLEAN,)),
    KernelCall(("dma_unmap_single", "dma_unmap_single_attrs", "dma_unmap_page",
                "dma_unmap_page_attrs"), (Trait.UNMAPS,)),
    KernelCall(("skb_frags_readable",), (Trait.TELLS_READABLE,)),
    KernelCall(("netdev_priv", "skb_shinfo", "ARRAY_SIZE", "SKB_DATA_ALIGN",
                "SKB_WITH_OVERHEAD"), (Trait.PURE,)),
    KernelCall(("prefetch", "prefetchw", "net_prefetch", "net_prefetchw"), (Trait.PREFETCHES,)),
    KernelCall(("page_to_phys", "page_to_pfn"), (Trait.GIVES_ADDRESS,)),
    KernelCall(("BUG_ON",), (Trait.ENDS_IF_TRUE,)),
    KernelCall(("BUG", "BUILD_BUG", "BUILD_BUG_MSG", "unreachable", "panic", "do_exit",
                "kthread_exit", "__builtin_unreachable", "__builtin_trap"),
               (Trait.NEVER_RETURNS,)),
)

FAMILIES: tuple[Family, ...] = (
    Family(re.compile(r"(?:k|v|kv|devm_k)[mzc]alloc_(?:obj|objs|flex)"), (Trait.SIZED,)),
    Family(re.compile(r"container_of(?:_const)?|\w*_entry(?:_rcu|_safe)?|typecheck"),
           (Trait.CONTAINER,)),
    Family(re.compile(r"(?:__)?(?:dev_)?alloc_pages?(?:_\w+)?|xsk_buff_\w*page"),
           (Trait.GIVES_PAGE,)),
    Family(re.compile(r"(?:dma|pci|ib_dma)_map_(?:single|page|phys|resource)(?:_attrs)?"),
           (Trait.MAPS,)),
    Family(re.compile(r"(?:dma_sync|skb|xdp_buff|net_prefetch|prefetch|netdev)_\w+|(?:un)?likely|"
                      r"prefetchw?"), (Trait.OWN_RECORDS,)),
    # The kernel names what allocates so.
    Family(re.compile(r"\w*alloc\w*"), (Trait.ALLOCATES,)),
    Family(re.compile(r"gnttab_\w+|xenbus_grant\w*"), (Trait.GRANTS,)),
    Family(re.compile(r"(?:__)?(?:cpu_to_[lb]e\d+|[lb]e\d+_to_cpu)"), (Trait.SWAPS_BYTES,)),
    Family(re.compile(r"container_of\w*|dev_\w*get_drvdata|(?:min|max)(?:_t)?|[lb]e\d+_to_cpup?"
                      r"|cpu_to_[lb]e\d+|skb_frag_\w+|\w+_priv"), (Trait.PURE,)),
    Family(re.compile(
        r"netdev_\w+|dev_(?:err|warn|info|dbg|\w+_ratelimited|kfree_skb\w*|consume_skb\w*)|netif_\w+|"
        r"skb_(?:put|pull|push|reserve|headlen|headroom|tailroom|mark_for_recycle|record_rx_queue|"
        r"checksum_none_assert|copy_to_linear_data\w*|shinfo|is_nonlinear|put_data|set_hash|"
        r"frag_\w+|end_pointer|tail_pointer|reset_\w+|set_\w+|metadata_set|header_cloned|"
        r"hwtstamps|trim|add_data|network_\w+|mac_\w+|transport_\w+|linearize|cow_head)|"
        r"__skb_\w+|kfree_skb\w*|consume_skb|eth_\w+|napi_(?:alloc_skb|gro_receive|gro_frags|"
        r"get_frags|schedule\w*|complete\w*)|"
        r"le\d+\w*|cpu_to_\w+|be\d+\w*|__?cpu_to_\w+|"
        r"min\w*|max\w*|clamp\w*|ALIGN\w*|DIV_ROUND_UP|ARRAY_SIZE|FIELD_\w+|GENMASK|BIT|"
        r"u64_stats_\w+|prefetch\w*|net_prefetch\w*|memcpy|memset|memmove|memcmp|"
        r"WARN\w*|BUG_ON|pr_\w+|PTR_ERR\w*|IS_ERR\w*|ERR_PTR|IS_ENABLED|"
        r"spin_\w+|mutex_\w+|rcu_\w+|local_\w+|(?:r|w|m)?mb|smp_\w+|dma_(?:r|w|m)mb|barrier|"
        r"dma_sync_\w+|dma_mapping_error|dma_unmap_\w+|page_pool_\w+|netmem_\w+|"
        r"net_ratelimit|upper_32_bits|lower_32_bits|read\w|write\w|ioread\w+|iowrite\w+|"
        r"u64_\w+|atomic\w*|test_bit|set_bit|clear_bit|trace_\w+|offset_in_page|"
        r"csum_\w+|vlan_\w+|__vlan_\w+|xdp_buff_\w+|xdp_get_\w+|xdp_set_\w+|xdp_update_\w+|"
        r"sizeof|struct_size|swab\d+|ntoh\w+|hton\w+|container_of|this_cpu_\w+|page_to_\w+|"
        r"virt_to_\w+"), (Trait.HARMLESS,)),
)

_BY_NAME: dict[str, frozenset[Trait]] = {}
for _row in CALLS:
    for _name in _row.names:
        _BY_NAME[_name] = _BY_NAME.get(_name, frozenset()) | frozenset(_row.traits)


@lru_cache(maxsize=8192)
def traits(name: str) -> frozenset[Trait]:
    """What is said of a function of the kernel; nothing of one that nobody knows."""
    known = BY_NAME.get(name)
    found = set(known.traits) if known is not None else set()
    found |= _BY_NAME.get(name, frozenset())
    for family in FAMILIES:
        if family.names.fullmatch(name):
            found.update(family.traits)
    return frozenset(found)


def has(name: str | bytes, trait: Trait) -> bool:
    """Whether one thing is said of a function."""
    return trait in (traits(name) if isinstance(name, str) else _traits(name))


@lru_cache(maxsize=8192)
def _traits(name: bytes) -> frozenset[Trait]:
    return traits(name.decode("latin-1"))


@lru_cache(maxsize=8192)
def takes_none(name: str) -> bool:
    """Whether a function of the kernel is known, and none of its arguments is memory of a pool."""
    return (bool(traits(name)) and name not in BY_NAME
            and "netmem" not in name and "page" not in name)


def named(trait: Trait) -> tuple[str, ...]:
    """The functions of which something is said by name: families are not among them."""
    return (*(one.name for one in FUNCTIONS if trait in one.traits),
            *(name for row in CALLS if trait in row.traits for name in row.names))
