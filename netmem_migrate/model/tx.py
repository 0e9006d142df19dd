# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel's own functions do with the frags of a packet that is sent, and what says that a
network device takes frags which the CPU cannot read.

A frag that is no page has no address for the CPU. A function of the core that reads frags tests
skb_frags_readable() first, and fails where they are not; tests/real/run_tx_reads.py holds each row
against net/core/ and include/linux/ of a tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.files import plain
from netmem_migrate.model.names import BY_NAME
from netmem_migrate.model.releases import present
from netmem_migrate.model.target import NEWEST, Target


class Fails(StrEnum):
    """How a function says that it could not read a frag."""

    NEGATIVE = "negative"  # an error code below zero
    REASON = "reason"  # a reason to drop, which is not zero
    NULL = "null"
    FALSE = "false"
    SILENT = "silent"  # not at all: what it gives is wrong then
    UNTESTED = "untested"  # it does not test, and reads
    INSIDE = "inside"  # it goes without what it could not read, and gives what stays right


@dataclass(frozen=True, slots=True)
class Reads:
    """Functions by name that read frags of a packet."""

    names: tuple[str, ...]
    fails: Fails


READS: tuple[Reads, ...] = (
    Reads(("skb_linearize", "__skb_linearize", "skb_linearize_cow", "skb_copy_bits",
           "skb_store_bits", "skb_checksum_help", "skb_crc32c_csum_help",
           "skb_csum_hwoffload_help", "skb_pad", "__skb_pad", "skb_padto", "skb_put_padto",
           "__skb_put_padto", "eth_skb_pad", "skb_cow", "__skb_cow", "skb_cow_head", "skb_unclone",
           "skb_unclone_keeptruesize", "skb_header_unclone", "pskb_expand_head", "pskb_trim",
           "__pskb_trim", "___pskb_trim", "pskb_trim_rcsum", "skb_orphan_frags",
           "skb_copy_ubufs", "skb_ensure_writable", "skb_zerocopy", "skb_checksum_setup",
           "skb_vlan_push", "skb_cow_data", "ipv6_skip_exthdr", "ipv6_find_hdr",
           "psp_dev_rcv"), Fails.NEGATIVE),
    Reads(("pskb_may_pull_reason", "pskb_network_may_pull_reason"), Fails.REASON),
    Reads(("skb_copy", "skb_copy_expand", "__pskb_pull_tail", "pskb_pull", "skb_clone",
           "skb_clone_sk", "pskb_copy", "__pskb_copy", "__pskb_copy_fclone",
           "pskb_copy_for_clone", "skb_realloc_headroom", "skb_expand_head", "skb_unshare",
           "skb_share_check", "skb_header_pointer", "__skb_header_pointer", "vlan_insert_tag",
           "vlan_insert_tag_set_proto", "__vlan_hwaccel_push_inside", "pskb_extract"),
          Fails.NULL),
    Reads(("pskb_may_pull", "pskb_network_may_pull", "psp_dev_encapsulate"), Fails.FALSE),
    Reads(("skb_checksum", "skb_copy_and_csum_bits", "skb_copy_and_csum_dev", "skb_crc32c",
           "skb_checksum_complete", "__skb_checksum_complete", "skb_seq_read",
           "skb_checksum_trimmed"), Fails.SILENT),
    # What these call by a pointer is not followed.
    Reads(("skb_gso_segment", "__skb_gso_segment", "skb_mac_gso_segment"), Fails.UNTESTED),
    Reads(("skb_get_hash", "skb_get_hash_perturb", "skb_tx_hash", "netdev_pick_tx",
           "skb_get_poff", "skb_flow_dissect", "__skb_flow_dissect",
           "skb_flow_dissect_flow_keys", "skb_flow_dissect_flow_keys_basic", "skb_tx_timestamp",
           "skb_clone_tx_timestamp", "skb_tstamp_tx", "__skb_tstamp_tx", "vlan_get_protocol",
           "__vlan_get_protocol", "vlan_get_protocol_and_depth", "skb_protocol",
           "skb_network_protocol", "skb_vlan_tagged_multi", "vlan_features_check",
           "vxlan_features_check", "netif_skb_features", "skb_probe_transport_header",
           "eth_get_headlen"), Fails.INSIDE),
)
"""Every function that packets are given to when they are sent, and in which the CPU may read frags.

In those that go without (INSIDE), skb_header_pointer() gives nothing where headers are in frags, or
a clone fails: a hash or a time stamp is not there.
"""

_FAILS = {name: row.fails for row in READS for name in row.names}


@cache
def fails(name: bytes) -> Fails | None:
    """How a function of the core fails that reads frags; None for one that reads none."""
    return _FAILS.get(name.decode("latin-1"))


# What looks at a packet, or changes its head, and touches no frag.
_LOOKS = re.compile(
    r"(?:inner_)?(?:eth|ip|ipv6|tcp|udp)_hdr(?:len)?|eth_header_parse_protocol|vlan_get_tag|"
    r"(?:__)?skb_(?:push|pull|put|reserve|orphan|get|trim|unlink|ext_\w+)|udp_get_len|"
    r"skb_(?:inner_)?(?:mac|network|transport)_(?:header|offset|header_len|header_was_set)|"
    r"skb_(?:inner_)?tcp_all_headers|skb_(?:re)?set_\w+|skb_vlan_eth_hdr|skb_eth_hdr|"
    r"skb_frag_(?:size|off|netmem|is_net_iov|dma_map|ref|unref)\w*|skb_frags_readable|"
    r"skb_(?:headlen|headroom|tailroom|end_offset|end_pointer|tail_pointer|header_cloned|cloned|"
    r"shared|has_frag_list|has_shared_frag|shinfo|hwtstamps|metadata_dst|sec_path|queue_empty)|"
    r"skb_(?:is_\w+|csum_is_sctp|checksum_start(?:_offset)?|copy_from_linear_data(?:_offset)?|"
    r"copy_header|get_(?:\w+_)?queue(?:_mapping)?|rx_queue_recorded|record_rx_queue|"
    r"vlan_tag_\w+|vlan_tagged|dst\w*)|"
    r"netif_needs_gso|nf_reset_ct|ptp_classify_raw|ptp_parse_header|tcp_v6_gso_csum_prep|"
    r"tls_is_skb_tx_device_offloaded|psp_skb_get_assoc_rcu|"
    r"tso_(?:build_hdr|count_descs|dma_map_\w+)|xfrm_(?:input_state|offload)|"
    r"netdev_(?!core_)\w+|trace_\w+|pr_\w+|napi_\w+")


@cache
def looks(name: bytes) -> bool:
    """Whether a function that is given a packet is known to touch no frag."""
    return _LOOKS.fullmatch(name.decode("latin-1")) is not None


TELLS = "skb_frags_readable"
"""What each of them asks; a driver may ask, too."""

# What gives where a frag is for the CPU, or its page: nothing, for a frag that is no page.
GIVES_FRAG = frozenset((b"skb_frag_address", b"skb_frag_address_safe", b"skb_frag_page"))
# The walk over a packet by its data sets this member of this record to the address of a frag.
WALKS = frozenset((b"tso_start", b"tso_build_data"))
WALKED = ("struct tso_t", b"data")
# What maps frags by pages or physical addresses that those which are no pages do not have.
MAPS_FRAGS = frozenset((b"skb_to_sgvec", b"skb_to_sgvec_nomark", b"tso_dma_map_init",
                        b"skb_frag_phys"))
# What takes no notice of an address that is none.
TAKES_NULL = frozenset((b"prefetch", b"prefetchw", b"net_prefetch", b"net_prefetchw"))

# What the stack gives a packet to that is to be sent: members of struct net_device_ops.
SENDS = (b"ndo_start_xmit",)
SEES = (b"ndo_features_check", b"ndo_select_queue")
SENDS_TYPE = "netdev_tx_t"  # what a library's function returns that is given for that
# What ends a packet.
FREES = frozenset((
    b"kfree_skb", b"kfree_skb_reason", b"consume_skb", b"dev_kfree_skb", b"dev_kfree_skb_any",
    b"dev_kfree_skb_irq", b"dev_kfree_skb_any_reason", b"dev_kfree_skb_irq_reason",
    b"dev_consume_skb_any", b"dev_consume_skb_irq", b"napi_consume_skb", b"kfree_skb_list",
    b"ieee80211_free_txskb", b"sk_skb_reason_drop"))
# What gives a buffer to a device, past the DMA API.
GIVES_DEVICE = frozenset((b"virtqueue_add_outbuf", b"virtqueue_add_outbuf_premapped",
                          b"virtqueue_add_sgs"))
# What gives a packet to another device, or to the stack.
GIVES_ON = frozenset((b"netif_rx", b"__netif_rx", b"dev_forward_skb", b"__dev_forward_skb",
                      b"dev_queue_xmit", b"dev_direct_xmit", b"netif_receive_skb",
                      b"napi_gro_receive"))
# What puts a packet aside, and what takes it up again.
QUEUES = frozenset((b"skb_queue_tail", b"__skb_queue_tail", b"skb_queue_head",
                    b"__skb_queue_head"))
TAKES_UP = frozenset((b"skb_dequeue", b"__skb_dequeue", b"skb_peek", b"skb_dequeue_tail",
                      b"__skb_dequeue_tail"))
REASONS = b"SKB_DROP_REASON_"  # how each reason to drop is called; none of them is zero
PACKET = "struct sk_buff"
FRAG = "skb_frag_t"
KNOWN = GIVES_FRAG | WALKS | MAPS_FRAGS | FREES | GIVES_DEVICE | GIVES_ON | QUEUES | TAKES_UP
"""All of these that are given a packet."""

# Where a device is told what it is.
DEVICE = "struct net_device"
OPS = b"netdev_ops"
REGISTERS = frozenset((b"register_netdev", b"register_netdevice", b"devm_register_netdev"))
MODE = b"NETMEM_TX_DMA"
BUSY = "NETDEV_TX_BUSY"  # what ndo_start_xmit gives: to be tried again
MODE_MEMBER = b"netmem_tx"
SETS = re.compile(rb"\n[^\n;]*(?:->|\.)%b = %b;" % (MODE_MEMBER, MODE))
"""A line that tells a device so, and nothing else."""
MODE_HEADER = "include/linux/netdevice.h"


def has_modes(target: Target) -> bool:
    """Whether a device of a kernel says in that way that it sends what is no page."""
    if target.headers is not None:
        text = code_of(plain.optional(target.headers / MODE_HEADER) or b"")
        return re.search(rb"\b" + MODE + rb"\b", text) is not None
    known = BY_NAME[MODE.decode()]
    return present(known.since, known.until, target.api or NEWEST)
