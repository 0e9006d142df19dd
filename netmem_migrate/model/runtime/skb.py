# SPDX-License-Identifier: GPL-2.0-only
"""Where received memory goes: the frags of an skb.

Follows include/linux/skbuff.h and net/core/skbuff.c. A frag takes over the reference of whoever
adds it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from netmem_migrate.model.runtime.access import cpu_read
from netmem_migrate.model.runtime.errors import (
    BadTruesize,
    DoubleRelease,
    Leak,
    NotReadable,
    TooManyFrags,
    UseAfterRelease,
)
from netmem_migrate.model.runtime.memory import (
    Address,
    Backing,
    Memory,
    Netmem,
    Page,
    is_netmem,
    is_page,
    netmem_is_net_iov,
    netmem_to_page,
    page_to_netmem,
    put_page,
)
from netmem_migrate.model.runtime.references import owned, release_from_skb

MAX_SKB_FRAGS = 17


@dataclass(slots=True)
class Frag:
    """skb_frag_t: memory, where in it the data begins, and how many bytes there are."""

    netmem: Netmem = field(default_factory=lambda: Netmem(None))
    offset: int = 0
    size: int = 0


@dataclass(slots=True, eq=False)
class Skb:
    """struct sk_buff, as far as it holds memory of a pool. `len` counts the frags' bytes too."""

    frags: list[Frag] = field(default_factory=list)
    head: Netmem | None = None
    len: int = 0
    data_len: int = 0
    truesize: int = 0
    unreadable: bool = False
    pfmemalloc: bool = False
    pp_recycle: bool = False
    freed: bool = False

    def alive(self, what: str) -> None:
        """Raises UseAfterRelease if the skb was freed."""
        if self.freed:
            raise UseAfterRelease(f"{what} of an skb that was freed")

    def __repr__(self) -> str:
        words = [f"{self.len} bytes", f"{len(self.frags)} frags"]
        words += [name for name in ("unreadable", "pfmemalloc", "pp_recycle", "freed")
                  if getattr(self, name)]
        return f"<skb, {', '.join(words)}>"


def _take(netmem: Netmem, offset: int, size: int) -> Memory:
    memory = netmem.live("a frag")
    memory.bits(offset, size)
    if memory.pool is not None:
        owned(netmem)
        memory.in_skbs += 1
    return memory


def skb_frag_fill_netmem_desc(frag: Frag, netmem: Netmem, off: int, size: int) -> None:
    """Fill one frag, which takes over the reference. Does not set the skb's `unreadable`."""
    _take(is_netmem(netmem, "skb_frag_fill_netmem_desc"), off, size)
    frag.netmem, frag.offset, frag.size = netmem, off, size


def skb_fill_netmem_desc(skb: Skb, i: int, netmem: Netmem, off: int, size: int) -> None:
    """Fill frag `i`, which becomes the last one; marks the skb unreadable or pfmemalloc."""
    skb.alive("a frag")
    if i >= MAX_SKB_FRAGS:
        raise TooManyFrags(f"frag {i}")
    frag = Frag()
    skb_frag_fill_netmem_desc(frag, netmem, off, size)
    skb.frags[i:] = [frag]
    if netmem_is_net_iov(netmem):
        skb.unreadable = True
    elif netmem.memory is not None and netmem.memory.pfmemalloc:
        skb.pfmemalloc = True


def skb_add_rx_frag_netmem(skb: Skb, i: int, netmem: Netmem, off: int, size: int,
                           truesize: int) -> None:
    """Add a received frag, which takes over the reference, and account for it.

    Raises TooManyFrags, BadTruesize, OutOfRange, UseAfterRelease, DoubleRelease.
    """
    if truesize < size:
        raise BadTruesize(f"truesize {truesize} for {size} bytes")
    skb_fill_netmem_desc(skb, i, netmem, off, size)
    skb.len += size
    skb.data_len += size
    skb.truesize += truesize


def skb_add_rx_frag(skb: Skb, i: int, page: Page, off: int, size: int, truesize: int) -> None:
    """skb_add_rx_frag_netmem() for a page."""
    is_page(page, "skb_add_rx_frag")
    skb_add_rx_frag_netmem(skb, i, page_to_netmem(page), off, size, truesize)


def skb_can_coalesce_netmem(skb: Skb, i: int, netmem: Netmem, off: int) -> bool:
    """Whether data at `off` continues frag `i - 1`."""
    is_netmem(netmem, "skb_can_coalesce_netmem")
    if not i:
        return False
    last = skb.frags[i - 1]
    return last.netmem == netmem and off == last.offset + last.size


def skb_coalesce_rx_frag(skb: Skb, i: int, size: int, truesize: int) -> None:
    """Make frag `i` longer. It takes no reference: the caller's for these bytes is to be put."""
    skb.alive("coalescing")
    if truesize < size:
        raise BadTruesize(f"truesize {truesize} for {size} bytes")
    frag = skb.frags[i]
    frag.netmem.live("a frag").bits(frag.offset, frag.size + size)
    frag.size += size
    skb.len += size
    skb.data_len += size
    skb.truesize += truesize


def skb_frag_netmem(frag: Frag) -> Netmem:
    """The memory of a frag."""
    return frag.netmem


def skb_frag_page(frag: Frag) -> Page | None:
    """The page of a frag; None if no page is behind it."""
    return None if netmem_is_net_iov(frag.netmem) else netmem_to_page(frag.netmem)


def skb_frag_address(frag: Frag) -> Address | None:
    """Where the data of a frag is; None if the CPU cannot reach it."""
    frag.netmem.live("the address")
    return None if netmem_is_net_iov(frag.netmem) else Address(frag.netmem, frag.offset)


def skb_copy_bits(skb: Skb) -> None:
    """Read all frags. Raises NotReadable (the kernel gives -EFAULT) or NotSynced."""
    skb.alive("a copy")
    if skb.unreadable:
        raise NotReadable("skb_copy_bits() of an skb with unreadable frags")
    for frag in skb.frags:
        cpu_read(skb_frag_address(frag), frag.size)


def skb_mark_for_recycle(skb: Skb) -> None:
    """Say that the skb's memory goes back to its pool."""
    skb.alive("a mark")
    skb.pp_recycle = True


def napi_build_skb(data: Address | None, frag_size: int) -> Skb:
    """An skb around a buffer in host memory, whose reference it takes. Raises NotReadable."""
    if data is None:
        raise NotReadable("napi_build_skb(NULL)")
    _take(data.reference, data.offset, frag_size)
    return Skb(head=data.reference, truesize=frag_size)


def skb_frag_ref(skb: Skb, i: int) -> None:
    """One more reference to a frag, as for a clone; given back with skb_frag_unref()."""
    skb.alive("a frag's reference")
    memory = skb.frags[i].netmem.live("a frag's reference")
    if memory.pool is None or not skb.pp_recycle:
        memory.refcount += 1
        return
    memory.pp_ref_count += 1
    memory.in_skbs += 1


def skb_frag_unref(skb: Skb, i: int) -> None:
    """Give one reference of a frag back. Raises Leak without skb_mark_for_recycle()."""
    _unref(skb.frags[i].netmem, skb.pp_recycle)


def kfree_skb(skb: Skb) -> None:
    """Free the skb and give all its memory back. Raises Leak without skb_mark_for_recycle()."""
    if skb.freed:
        raise DoubleRelease("kfree_skb() of an skb that was freed")
    skb.freed = True
    held = [frag.netmem for frag in skb.frags] + ([skb.head] if skb.head is not None else [])
    for netmem in held:
        _unref(netmem, skb.pp_recycle)


def _unref(netmem: Netmem, recycle: bool) -> None:
    memory = netmem.memory
    if memory is None:
        return
    if memory.pool is None:
        put_page(netmem_to_page(netmem))
    elif recycle:
        release_from_skb(netmem)
    elif memory.backing is not Backing.PAGE or memory.refcount == 1:
        raise Leak(f"an skb not marked for recycling frees {memory}")
    else:
        memory.refcount -= 1
