# SPDX-License-Identifier: GPL-2.0-only
"""XDP buffers: a head that the CPU must be able to read, and frags.

Follows include/net/xdp.h and net/core/xdp.c. The head is an address, which is why headers stay in
host memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from netmem_migrate.model.runtime.access import cpu_read
from netmem_migrate.model.runtime.errors import NotReadable, PoolGone
from netmem_migrate.model.runtime.memory import Address, Netmem, is_netmem, netmem_is_net_iov
from netmem_migrate.model.runtime.pool import PagePool
from netmem_migrate.model.runtime.references import owned, release_from_skb
from netmem_migrate.model.runtime.skb import (
    MAX_SKB_FRAGS,
    Frag,
    Skb,
    napi_build_skb,
    skb_frag_address,
    skb_frag_fill_netmem_desc,
)


@dataclass(slots=True)
class XdpRxq:
    """struct xdp_rxq_info: the queue, and the pool that its memory model names."""

    pool: PagePool | None = None

    def reg_mem_model(self, pool: PagePool) -> None:
        """xdp_rxq_info_reg_mem_model(MEM_TYPE_PAGE_POOL): the queue becomes a user of the pool."""
        if pool.dying:
            raise PoolGone("a memory model with a pool that was destroyed")
        pool.users += 1
        self.pool = pool

    def unreg(self) -> None:
        """xdp_rxq_info_unreg(): the queue uses the pool no more."""
        pool, self.pool = self.pool, None
        if pool is not None:
            pool.drop_user()


@dataclass(slots=True, eq=False)
class XdpBuff:
    """struct xdp_buff: a head, which is an address, and frags."""

    rxq: XdpRxq
    head: Netmem | None = None
    data: Address | None = None
    size: int = 0
    frags: list[Frag] = field(default_factory=list)
    unreadable: bool = False
    pfmemalloc: bool = False
    truesize: int = 0


def xdp_prepare_buff(xdp: XdpBuff, hard_start: Address | None, headroom: int, size: int) -> None:
    """Describe the head of a packet. Raises NotReadable: an XDP program reads it."""
    if hard_start is None:
        raise NotReadable("xdp_prepare_buff() with NULL")
    memory = hard_start.reference.live("an XDP buffer")
    memory.bits(hard_start.offset + headroom, size)
    xdp.head, xdp.data, xdp.size = hard_start.reference, hard_start + headroom, size


def xdp_buff_add_frag(xdp: XdpBuff, netmem: Netmem, offset: int, size: int,
                      truesize: int) -> bool:
    """Add a frag, which takes over the reference; False if there is no room for it.

    A frag that continues the last one makes that longer, and the reference is returned.
    """
    is_netmem(netmem, "xdp_buff_add_frag")
    last = xdp.frags[-1] if xdp.frags else None
    if last is not None and last.netmem == netmem and offset == last.offset + last.size:
        netmem.live("a frag").bits(last.offset, last.size + size)
        memory = owned(netmem)
        memory.pp_ref_count -= 1
        last.size += size
    elif len(xdp.frags) == MAX_SKB_FRAGS:
        return False
    else:
        frag = Frag()
        skb_frag_fill_netmem_desc(frag, netmem, offset, size)
        xdp.frags.append(frag)
    xdp.truesize += truesize
    xdp.unreadable |= netmem_is_net_iov(netmem)
    xdp.pfmemalloc |= netmem.memory is not None and netmem.memory.pfmemalloc
    return True


def bpf_prog_run_xdp(xdp: XdpBuff, read: int = 0) -> None:
    """Run a program that reads `read` bytes of the head and of each frag (0: all of them)."""
    cpu_read(xdp.data, min(read, xdp.size) if read else xdp.size)
    for frag in xdp.frags:
        if xdp.unreadable:
            raise NotReadable("an XDP program reads an unreadable frag")
        cpu_read(skb_frag_address(frag), min(read, frag.size) if read else frag.size)


def xdp_return_buff(xdp: XdpBuff) -> None:
    """Give head and frags back to their pool, as for XDP_DROP."""
    head, xdp.head, xdp.data = xdp.head, None, None
    frags, xdp.frags = xdp.frags, []
    for frag in frags:
        release_from_skb(frag.netmem)
    if head is not None:
        memory = owned(head)
        memory.in_skbs += 1
        release_from_skb(head)


def xdp_build_skb_from_buff(xdp: XdpBuff) -> Skb:
    """An skb of the buffer, marked for recycling, which takes head and frags over."""
    if xdp.head is None or xdp.data is None:
        raise NotReadable("an skb of an XDP buffer without a head")
    skb = napi_build_skb(xdp.data, xdp.size)
    skb.frags, xdp.frags = xdp.frags, []
    skb.data_len = sum(frag.size for frag in skb.frags)
    skb.len = xdp.size + skb.data_len
    skb.truesize += xdp.truesize
    skb.unreadable, skb.pfmemalloc, skb.pp_recycle = xdp.unreadable, xdp.pfmemalloc, True
    xdp.head = xdp.data = None
    return skb
