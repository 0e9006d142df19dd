# SPDX-License-Identifier: GPL-2.0-only
"""Names of the kernel that the tool needs one by one: what it writes, and what it words.

What is said of a name is in netmem_migrate/model/functions.py and names.py.
"""

from __future__ import annotations

import re

# Types, and the words that a type is.
REF = "netmem_ref"
PAGE = "struct page *"
POOL = "page_pool"
CALLS = "page_pool_"  # how its functions begin
POOL_PARAMS = "page_pool_params"
# The members of that which are numbers (include/net/page_pool/types.h).
POOL_NUMBERS = frozenset(("order", "pool_size", "nid", "max_len", "offset", "flags", "queue_idx"))

# Headers, relative to the tree.
NETMEM_HEADER = "include/net/netmem.h"

# The source that page_pool is made of, and its entry in MAINTAINERS.
POOL_SOURCE = "net/core/page_pool.c"
POOL_ENTRY = "PAGE POOL"

# How functions are called that take from a pool or give back to one, and those of arrays.
POOL_PREFIX = "page_pool_"
ARRAYS_SUFFIX = "_bulk"

# From one kind of reference to the other.
TO_NETMEM = "page_to_netmem"
TO_PAGE = "netmem_to_page"
TO_NETMEM_BY_ADDRESS = "virt_to_netmem"
ADDRESS = "netmem_address"

# What the stack calls to send a packet of its own.
SENDS = "ndo_start_xmit"

# What shows that a driver can do something: header split, unreadable memory on Tx.
DATA_SPLIT = ("ETHTOOL_RING_USE_TCP_DATA_SPLIT", "tcp_data_split")
NETMEM_TX = "netmem_tx"
QUEUE_OPS = "queue_mgmt_ops"  # the member of a netdev by which its queues are restarted

# What a module says that makes network devices, and the table of what can be set.
DEVICES = ("net_device_ops", "ethtool_ops", "ieee80211_alloc_hw")
ETHTOOL_OPS = ("ethtool_ops",)
SCATTER = "NETIF_F_SG"  # without it the core linearizes what is sent
# How frags are mapped that are sent, by their page or in a list.
FRAG_MAPS = ("skb_frag_dma_map",)
PAGE_UNMAPS = ("dma_unmap_page", "dma_unmap_page_attrs")
DMA_ADDRESS = "dma_addr_t"
DECLARES_ADDRESS = "DEFINE_DMA_UNMAP_ADDR"
COPIES_WHOLE = re.compile(rb"(?:__)?mem(?:cpy|move)\w*|__iowrite\d+_copy|kmemdup\w*")
RINGS = re.compile(rb"(?:__raw_)?write[bwlq](?:_relaxed)?|iowrite(?:8|16|32|64)\w*")
HOLDS_FRAGS = "skb_shinfo"
MAPS_SINGLE = ("dma_map_single", "dma_map_single_attrs")  # by an address of the CPU
FRAG_LISTS = ("skb_to_sgvec", "skb_to_sgvec_nomark")
ANSWERS = ("dma_mapping_error",)  # what is told of an address
NO_ADDRESS = ("DMA_MAPPING_ERROR",)
MAPS_SINGLE = ("dma_map_single", "dma_map_single_attrs")
GIVES_NETMEM = ("skb_frag_netmem",)  # the memory of a frag
SETS_NETMEM = "netmem_dma_unmap_addr_set"
# What gives a frag's memory to map it by something else than the frag.
FRAG_ADDRESS = ("skb_frag_address", "skb_frag_address_safe")
FRAG_MEMORY = (*FRAG_ADDRESS, "skb_frag_page")
# What XDP's frames have, too, in small letters.
SHARED_FRAGS = (b"skb_frag", b"skb_shared_info", b"skb_shinfo", b"max_skb_frags")
# Macros that keep an address in a member to unmap by it (linux/dma-mapping.h, net/netmem.h): which
# argument is the pointer to the record. And those that read it.
KEEPS_ANY, KEEPS_NETMEM = "dma_unmap_addr_set", "netmem_dma_unmap_addr_set"
KEEPS_ADDRESS = {KEEPS_ANY: 0, KEEPS_NETMEM: 1}
UNMAPS_NETMEM = ("netmem_dma_unmap_page_attrs",)
KEPT_ADDRESS = ("dma_unmap_addr",)
TO_DEVICE = "DMA_TO_DEVICE"

MARK = "unreadable"  # the member of an skb

# Flags of a pool.
DMA_MAP = "PP_FLAG_DMA_MAP"
DMA_SYNC = "PP_FLAG_DMA_SYNC_DEV"
UNREADABLE = "PP_FLAG_ALLOW_UNREADABLE_NETMEM"
FLAG_PREFIX = "PP_FLAG_"
# What says how much of a pool's memory is synced for the device, and how much that is at most.
FLAGS = "flags"
ORDER = "order"
MAX_LEN = "max_len"
OFFSET = "offset"
DIRECTION = "dma_dir"
DEVICE = "dev"
PAGE_SIZE = "PAGE_SIZE"
# The parameter of what gives memory back that says how much of it was touched.
SYNC_SIZE = "dma_sync_size"

# Directions of a mapping: a pool has one of these two.
FROM_DEVICE = "DMA_FROM_DEVICE"
BOTH_WAYS = "DMA_BIDIRECTIONAL"
TO_CPU = (FROM_DEVICE.encode(), BOTH_WAYS.encode())
DMA_ADDRESS = "dma_addr_t"
MASK_OF_BITS = "DMA_BIT_MASK"
SETS_MASK = frozenset(("dma_set_mask", "dma_set_mask_and_coherent", "dma_coerce_mask_and_coherent",
                       "pci_set_dma_mask"))

# Syncs of memory of a pool for the CPU: the raw call of an offset, the pool's of a netmem, and of
# a page.
RAW_RANGE = "dma_sync_single_range_for_cpu"
RAW_SINGLE = "dma_sync_single_for_cpu"
SYNC_NETMEM = "page_pool_dma_sync_netmem_for_cpu"
SYNC_PAGE = "page_pool_dma_sync_for_cpu"
DMA_OF_NETMEM = "page_pool_get_dma_addr_netmem"
DMA_OF_PAGE = "page_pool_get_dma_addr"
# What warns, once, and goes on.
WARNS = "WARN_ON_ONCE"

# Which argument a copy by the CPU comes from, where it is not the second.
COPIES_FROM = {"skb_copy_to_linear_data_offset": 2}

# What fills memory with a byte.
FILLS = frozenset(("memset",))

# What gives back memory that is no page, and what only looks at it.
FREES = frozenset(("kfree", "kvfree", "vfree", "devm_kfree", "dma_free_coherent",
                   "dmam_free_coherent", "dma_free_attrs", "dma_pool_free"))
PREFETCHES = frozenset(("prefetch", "prefetchw", "net_prefetch", "net_prefetchw"))

# What fills memory with a byte.
FILLS = frozenset(("memset",))

# Types of at most 32 bits that have no sign.
UNSIGNED = frozenset(("u8", "u16", "u32", "__u8", "__u16", "__u32", "uint8_t", "uint16_t",
                      "uint32_t", "unsigned", "unsigned int", "unsigned short", "unsigned char"))

# Types of at least 32 bits.
WIDE = frozenset(("int", "unsigned int", "unsigned", "long", "unsigned long", "long long",
                  "unsigned long long", "u32", "s32", "u64", "s64", "__u32", "__s32", "__u64",
                  "__s64", "uint32_t", "int32_t", "uint64_t", "int64_t", "size_t", "ssize_t"))

# What tells pages from other memory, and heads of compound pages: the proof defines them anew.
IS_NET_IOV = "netmem_is_net_iov"
HEAD_OF = "_compound_head"
PAGE_FLAGS_HEADER = "include/linux/page-flags.h"

# The types of operands in rows of netmem_migrate/model/forms.py.
OPERANDS: dict[str, str] = {
    "p": PAGE, "page": PAGE, "pool": "struct page_pool *", "skb": "struct sk_buff *", "i": "int",
    "n": "int", "frag": "skb_frag_t *", "f": "const skb_frag_t *", "a": "const void *",
}
