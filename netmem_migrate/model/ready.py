# SPDX-License-Identifier: GPL-2.0-only
"""What it takes to be ready for device memory, item by item: what the kernel asks for, what only
the hardware tells, and which of the kernel's own selftests exercise it.

Documentation/networking/netmem.rst has the requirements, Documentation/networking/devmem.rst what
a NIC needs besides, net/core/netdev_rx_queue.c what the core tests before it binds a memory
provider. `tests/model/test_ready.py` holds files, cases and names against a tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from netmem_migrate.model.spelled import (
    ADDRESS,
    DATA_SPLIT,
    DMA_MAP,
    DMA_SYNC,
    NETMEM_TX,
    QUEUE_OPS,
    SYNC_NETMEM,
    UNREADABLE,
)

SELFTESTS = "tools/testing/selftests/drivers/net"
"""The folder of the selftests, relative to the tree; how they are run is in its README.rst."""

NETMEM_RST = "Documentation/networking/netmem.rst"
DEVMEM_RST = "Documentation/networking/devmem.rst"
BINDING = "net/core/netdev_rx_queue.c"


@dataclass(frozen=True, slots=True)
class Selftest:
    """A file below SELFTESTS, those of its cases that exercise an item, and what it needs first:
    items without which it is skipped. `where` is what else a driver needs for it to run."""

    file: str
    cases: tuple[str, ...]
    needs: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One item: its id, where it is asked for, what a person does about it, by what the judgement
    rests on, what only the hardware tells, and its selftests. `after` are items that come first.

    `person` is by the value of a `Basis`, "" for any other. `words` stand where the item is no
    requirement of netmem.rst. `named` is a name that a header of the kernel must have for it.
    `shows` is what shows it where no selftest does.
    """

    id: str
    source: str
    person: dict[str, str] = field(default_factory=dict)
    hardware: str = ""
    shows: str = ""
    tests: tuple[Selftest, ...] = ()
    words: str = ""
    after: tuple[str, ...] = ()
    named: tuple[str, str] = ("", "")


CONDITIONAL = "the driver decides by the test: see that it holds wherever device memory is wanted"
"""What is left of an item that is met under a test."""

READY = ("all of P1 to P7 holds that the source tells: whoever knows the hardware sets it, the "
         "tool never does")
"""What is left of the flag where nothing is missing."""

_BOUND = ("rx.2", "queue-mgmt", "unreadable")
_RECEIVES = Selftest("hw/devmem.py", ("check_rx",), _BOUND)
_SPLITS = Selftest("hw/devmem.py", ("check_rx_hds",), _BOUND)
_SENDS = Selftest("hw/devmem.py", ("check_tx", "check_tx_chunks"), _BOUND)
_FAILS = Selftest("hw/pp_alloc_fail.py", ("test_pp_alloc",), where="needs netdev->stat_ops")
_ZERO_COPY = Selftest("hw/iou-zcrx.py", ("test_zcrx", "test_zcrx_oneshot"), _BOUND)

ASKED: tuple[Asked, ...] = (
    Asked("rx.1", NETMEM_RST, {
        "": "receive into memory of a page_pool"},
        tests=(_FAILS,)),
    Asked("rx.3", NETMEM_RST, {
        "page-calls": "see to the calls that are left, each for the reason that is given",
        "": "take, give back and hand over payload by netmem"},
        tests=(_FAILS, Selftest("xdp.py", (
            "test_xdp_native_pass_sb", "test_xdp_native_drop_sb", "test_xdp_native_tx_sb"),
            where="needs XDP in the driver"))),
    Asked("rx.6", NETMEM_RST, {
        "raw-sync": f"call {SYNC_NETMEM}() instead, with an offset from the pool's own",
        "no-sync": f"call {SYNC_NETMEM}() before the CPU reads: nothing syncs today, which goes "
                   "well where DMA is coherent only",
        "pool-sync": "sync through the pool in the other mode, too"},
        hardware="at which byte of a buffer the device begins to write",
        shows="receive on a machine that was booted with swiotlb=force: where DMA is coherent, "
              "nothing else shows a sync that is missing or of other bytes",
        tests=(_RECEIVES,), named=(SYNC_NETMEM, "include/net/page_pool/helpers.h")),
    Asked("rx.7", NETMEM_RST, {
        "": "give each buffer back to the pool; where one is used again, hold it by "
            "page_pool_ref_netmem() or page_pool_fragment_netmem() instead of counting its page"},
        tests=(_RECEIVES,)),
    Asked("rx.4", NETMEM_RST, {
        "pool-flags": "set the flags that are missing, with max_len and offset as the device "
                      "writes, and neither map nor sync payload for the device past the pool",
        "own-device-sync": "leave it to the pool to sync for the device, which it does when it "
                           "maps memory and when that is put back; where a buffer is posted again "
                           "without going back to the pool, no function of it does that: put it, "
                           "and take a new one",
        "": "let the pool map and sync in the other mode, too"},
        hardware="which bytes of a buffer the device writes: they lie from offset to offset + "
                 "max_len",
        tests=(_RECEIVES,)),
    Asked("rx.5", NETMEM_RST, {
        "cpu-reads": f"test {ADDRESS}() before each of these, and drop the packet where it is "
                     "NULL; or receive headers into memory of their own, so that none of them is "
                     "of payload"},
        hardware="whether the device ever puts a header, a descriptor or a packet that it did not "
                 "split into a payload buffer",
        tests=(_RECEIVES, _SPLITS)),
    Asked("rx.2", NETMEM_RST, {
        "": f"name {DATA_SPLIT[0]} in supported_ring_params, say {DATA_SPLIT[1]} in "
            "get_ringparam(), and in set_ringparam() do what is asked for, or refuse it"},
        hardware="whether the device can put headers and payload into buffers of two rings, and "
                 "of which packets",
        tests=(Selftest("hds.py", ("get_hds", "set_hds_enable", "set_hds_disable")), _SPLITS)),
    Asked("queue-mgmt", BINDING, {
        "": f"set netdev->{QUEUE_OPS}: allocate and free the memory of one queue, stop it and "
            "start it; without these the core binds no memory provider, and with them it holds the "
            "netdev's instance lock around ndo_open() and its like, too"},
        hardware="whether one queue can be stopped, given other memory and started while the "
                 "others run",
        tests=(_RECEIVES, _ZERO_COPY)),
    Asked("unreadable", NETMEM_RST, {
        "": f"set {UNREADABLE} where header split is on and only there, with netdev and queue_idx, "
            "and create the pool with the netdev's instance lock held"},
        hardware="that no header comes from this pool",
        shows="bind with hds-thresh 0 and without an XDP program: the core refuses anything else",
        tests=(_RECEIVES, _SPLITS, _ZERO_COPY), words=f"{UNREADABLE} where header split is on",
        after=("rx.2", "queue-mgmt", "rx.3", "rx.4", "rx.5", "rx.6", "rx.7")),
    Asked("steering", DEVMEM_RST, {
        "": "see that flows can be steered to a queue (ethtool -N), and the others kept off it "
            "(ethtool -X); the tool does not look"},
        hardware="whether the device does both",
        tests=(Selftest("hw/ntuple.py", ("queue",)),
               Selftest("hw/rss_ctx.py", ("test_rss_key_indir",))),
        words="flows are steered to one queue, and kept off it"),
    Asked("tx.1", NETMEM_RST, {
        "raw-unmap": "at every unmap of the address call netmem_dma_unmap_page_attrs(), and store "
                     "it with netmem_dma_unmap_addr_set() behind the last use of what is stored "
                     "for the device: for a net_iov that stores 0, or nothing",
        "by-address": "map each frag with skb_frag_dma_map(): memory that the CPU cannot read has "
                      "no address of it, and its scatter list cannot be mapped"},
        tests=(_SENDS,), named=("netmem_dma_unmap_page_attrs", "include/net/netmem.h")),
    Asked("tx.2", NETMEM_RST, {
        "": f"set netdev->{NETMEM_TX}, as the last thing, where every unmap is done and the CPU "
            "reads no frag that is sent: NETMEM_TX_DMA for a device that does DMA, "
            "NETMEM_TX_NO_DMA for one that does not"},
        tests=(_SENDS,), after=("tx.1",), named=(NETMEM_TX, "include/linux/netdevice.h")),
)
"""The items in the order in which they are done."""

TOLD = ("flags", "dma_dir", "order", "offset", "max_len", "netdev", "queue_idx")
"""The parameters of a pool by which a plan is made (struct page_pool_params)."""
NEEDED = (DMA_MAP, DMA_SYNC)
"""The flags that each pool of payload has."""
BOUND_TO = ("netdev", "queue_idx")
"""The parameters by which a pool finds what is bound to its queue."""
