# SPDX-License-Identifier: GPL-2.0-only
"""Memory as a driver sees it: pages and net_iovs, and references to them.

Follows include/net/netmem.h. Of the memory itself only facts are kept: which bytes are the
device's, and which the device wrote that the CPU has not been given yet. Both are bit masks, one
bit a byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from netmem_migrate.model.runtime.errors import (
    Leak,
    NotAPage,
    NullReference,
    OutOfRange,
    UseAfterRelease,
    WrongKind,
)

if TYPE_CHECKING:
    from netmem_migrate.model.runtime.pool import PagePool

PAGE_SIZE = 4096
_NET_IOV = 1


class Backing(StrEnum):
    """What is behind a reference; all but PAGE are net_iovs."""

    PAGE = "page"
    DMABUF = "dma-buf net_iov"
    IOURING = "io_uring net_iov"


class Whereabouts(StrEnum):
    """Where memory is: in use by a driver or an skb, in one of the pool's caches, or gone."""

    IN_USE = "in use"
    CACHE = "in the pool's cache"
    RING = "in the pool's ring"
    GONE = "gone"


@dataclass(slots=True)
class Device:
    """A network device: it has queues, and reads and writes memory by DMA.

    `pages` is how many more pages the system gives (None: no limit). `pressure` says that the
    system is short of memory, so that new pages are pfmemalloc pages.
    """

    name: str = "eth0"
    pages: int | None = None
    pressure: bool = False
    queues: dict[int, Provider] = field(default_factory=dict)
    created: int = 0

    def page(self, order: int = 0) -> Memory | None:
        """A page of the system, or None if there is none left."""
        if self.pages is not None:
            if self.pages <= 0:
                return None
            self.pages -= 1
        self.created += 1
        return Memory(self, Backing.PAGE, PAGE_SIZE << order, 0x1000 + 0x40 * self.created,
                      pfmemalloc=self.pressure)

    def bind(self, queue: int, provider: Provider) -> None:
        """What user space does to give an Rx queue memory of its own: bind it there."""
        self.queues[queue] = provider


@dataclass(slots=True)
class Provider:
    """A memory provider: user space lends `chunks` pieces of PAGE_SIZE bytes to an Rx queue."""

    backing: Backing
    chunks: int
    free: int = field(init=False)

    def __post_init__(self) -> None:
        self.free = self.chunks


def dma_buf(chunks: int) -> Provider:
    """Device memory, as for device memory TCP. The pool syncs none of it."""
    return Provider(Backing.DMABUF, chunks)


def io_uring(chunks: int) -> Provider:
    """Memory of a user program, as for io_uring zero-copy Rx."""
    return Provider(Backing.IOURING, chunks)


@dataclass(slots=True, eq=False)
class Memory:
    """The state of one page or net_iov. Drivers hold a `Page` or a `Netmem` that refers to it.

    `pp_ref_count` counts as the kernel does; of these `bias` belong to the pool (frags) and
    `in_skbs` to skbs and XDP frames. `refcount` is the page's own count. `generation` grows with
    each last release, so that references from before are known to be stale.
    """

    device: Device
    backing: Backing
    size: int
    address: int
    pfmemalloc: bool = False
    place: Whereabouts = Whereabouts.IN_USE
    pool: PagePool | None = None
    pp_ref_count: int = 1
    bias: int = 0
    in_skbs: int = 0
    refcount: int = 1
    generation: int = 0
    mapped: bool = False
    device_bits: int = 0
    dirty: int = 0

    def __str__(self) -> str:
        return f"the {self.backing} at {self.address:#x}"

    @property
    def held(self) -> int:
        """References of drivers and skbs; the pool's own are not counted."""
        if self.place is not Whereabouts.IN_USE:
            return 0
        return self.pp_ref_count - self.bias if self.pool is not None else self.refcount

    def bits(self, offset: int, size: int) -> int:
        """The mask of a range of bytes. Raises OutOfRange."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise OutOfRange(f"bytes {offset} to {offset + size} of {self}, which has {self.size}")
        return ((1 << size) - 1) << offset

    def give_to_cpu(self, offset: int, size: int) -> None:
        """Sync for the CPU: the bytes are the CPU's, and what the device wrote is seen."""
        bits = self.bits(offset, size)
        self.device_bits &= ~bits
        self.dirty &= ~bits

    def give_to_device(self, offset: int, size: int) -> None:
        """Sync for the device: it may write the bytes."""
        self.device_bits |= self.bits(offset, size)


@dataclass(frozen=True, slots=True)
class _Reference:
    memory: Memory | None
    generation: int = 0

    def __bool__(self) -> bool:
        return self.memory is not None

    def live(self, what: str) -> Memory:
        """The memory. Raises NullReference or UseAfterRelease; `what` was to be done."""
        memory = self.memory
        if memory is None:
            raise NullReference(f"{what} of the result of an allocation that failed")
        if memory.generation != self.generation or memory.held <= 0:
            raise UseAfterRelease(f"{what} of {memory}, which was released ({memory.place})")
        return memory


@dataclass(frozen=True, slots=True)
class Page(_Reference):
    """A `struct page *`."""

    def __repr__(self) -> str:
        return f"<page {self.memory.address:#x}>" if self.memory else "NULL"


@dataclass(frozen=True, slots=True)
class Netmem(_Reference):
    """A `netmem_ref`: an integer whose lowest bit says that a net_iov is behind it."""

    def __int__(self) -> int:
        if self.memory is None:
            return 0
        return self.memory.address | (_NET_IOV if netmem_is_net_iov(self) else 0)

    def __repr__(self) -> str:
        return f"<netmem {int(self):#x}: {self.memory.backing}>" if self.memory else "0"


@dataclass(frozen=True, slots=True)
class DmaAddress:
    """What a driver writes into a descriptor: memory as the device addresses it."""

    memory: Memory
    generation: int
    offset: int = 0

    def __add__(self, offset: int) -> DmaAddress:
        return DmaAddress(self.memory, self.generation, self.offset + offset)

    def __repr__(self) -> str:
        return f"<dma {(self.memory.address << 12) + self.offset:#x}>"


@dataclass(frozen=True, slots=True)
class Address:
    """A `void *` to memory that the CPU can reach."""

    reference: Netmem
    offset: int = 0

    def __add__(self, offset: int) -> Address:
        return Address(self.reference, self.offset + offset)

    def __repr__(self) -> str:
        return f"<address {(int(self.reference) << 12) + self.offset:#x}>"


def is_page(value: object, what: str) -> Page:
    """`value` if it is a page. Raises WrongKind."""
    if not isinstance(value, Page):
        raise WrongKind(f"{what}() takes a page, not {value!r}")
    return value


def is_netmem(value: object, what: str) -> Netmem:
    """`value` if it is a netmem_ref. Raises WrongKind."""
    if not isinstance(value, Netmem):
        raise WrongKind(f"{what}() takes a netmem_ref, not {value!r}")
    return value


def netmem_is_net_iov(netmem: Netmem) -> bool:
    """Whether the lowest bit is set: no page is behind it."""
    memory = is_netmem(netmem, "netmem_is_net_iov").memory
    return memory is not None and memory.backing is not Backing.PAGE


def page_to_netmem(page: Page) -> Netmem:
    """The same memory as netmem_ref; the reference count stays as it is."""
    is_page(page, "page_to_netmem")
    return Netmem(page.memory, page.generation)


def netmem_to_page(netmem: Netmem) -> Page:
    """The page behind a netmem_ref. Raises NotAPage: the kernel warns and gives NULL."""
    if netmem_is_net_iov(netmem):
        raise NotAPage(f"netmem_to_page({netmem!r})")
    return Page(netmem.memory, netmem.generation)


def netmem_address(netmem: Netmem) -> Address | None:
    """Where the CPU finds the memory; None if it cannot. Raises UseAfterRelease."""
    memory = is_netmem(netmem, "netmem_address").live("the address")
    return Address(netmem) if memory.backing is Backing.PAGE else None


def page_address(page: Page) -> Address:
    """Where the CPU finds the page. Raises UseAfterRelease."""
    is_page(page, "page_address").live("the address")
    return Address(page_to_netmem(page))


def netmem_is_pfmemalloc(netmem: Netmem) -> bool:
    """Whether a page was allocated under memory pressure; false for a net_iov."""
    return is_netmem(netmem, "netmem_is_pfmemalloc").live("pfmemalloc").pfmemalloc


def netmem_ref_count(netmem: Netmem) -> int:
    """The count of the page itself, not of the pool's references; 1 for a net_iov."""
    return is_netmem(netmem, "netmem_ref_count").live("the count").refcount


def get_page(page: Page) -> None:
    """One more reference to the page itself. Such a page is not recycled any more."""
    is_page(page, "get_page").live("a reference").refcount += 1


def put_page(page: Page) -> None:
    """One reference less to the page itself. Raises Leak for the last one of a pool's page."""
    memory = is_page(page, "put_page").memory
    if memory is None:
        raise NullReference("put_page(NULL)")
    if memory.refcount <= 0:
        raise UseAfterRelease(f"put_page() of {memory}, which is free")
    if memory.refcount == 1 and memory.pool is not None:
        raise Leak(f"put_page() frees {memory}, which its pool still counts as in flight")
    memory.refcount -= 1
    if not memory.refcount:
        memory.place = Whereabouts.GONE
        memory.generation += 1
