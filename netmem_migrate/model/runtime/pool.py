# SPDX-License-Identifier: GPL-2.0-only
"""page_pool: where memory comes from, what it costs to give it back, and when the pool may go.

Follows net/core/page_pool.c, include/net/page_pool/ and Documentation/networking/page_pool.rst.
Left out: NUMA nodes, statistics, bulk allocation (a pool here asks the system for one page at a
time), and waiting (what the kernel does a second later in a work item is done at once).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from netmem_migrate.model.runtime.errors import (
    OutOfRange,
    PoolGone,
    StillReferenced,
    WrongContext,
    WrongPool,
)
from netmem_migrate.model.runtime.memory import (
    PAGE_SIZE,
    Backing,
    Memory,
    Netmem,
    Provider,
    Whereabouts,
)
from netmem_migrate.model.runtime.params import PP_FLAG, Napi, PagePoolParams

CACHE_SIZE = 128
RING_SIZE = 1024
_FRAG_ALIGN = 64
_BIAS_MAX = (2**63 - 1) >> 1


@dataclass(slots=True, eq=False)
class PagePool:
    """A pool. page_pool_create() makes one; the functions of runtime.py use it.

    `hold_cnt` and `release_cnt` count memory that entered and left it; `cpu_syncs` and
    `device_syncs` say whether it syncs (never for dma-buf memory).
    """

    p: PagePoolParams
    provider: Provider | None = None
    napi: Napi | None = None
    cache: list[Memory] = field(default_factory=list)
    ring: deque[Memory] = field(default_factory=deque)
    frag: Memory | None = None
    frag_offset: int = 0
    out: list[Memory] = field(default_factory=list)
    hold_cnt: int = 0
    release_cnt: int = 0
    users: int = 1
    dying: bool = False
    destroyed: bool = False
    dma_map: bool = False
    device_syncs: bool = False
    cpu_syncs: bool = True

    def __post_init__(self) -> None:
        self.napi = self.p.napi
        self.dma_map = PP_FLAG.DMA_MAP in self.p.flags
        self.device_syncs = PP_FLAG.DMA_SYNC_DEV in self.p.flags
        if self.provider is not None and self.provider.backing is Backing.DMABUF:
            self.device_syncs = self.cpu_syncs = False

    def __repr__(self) -> str:
        state = "destroyed" if self.destroyed else "waiting" if self.dying else "alive"
        return f"<page_pool, {state}: {self.inflight} in flight, {len(self.cache)} in cache, " \
               f"{len(self.ring)} in ring>"

    @property
    def size(self) -> int:
        """Bytes of one piece of memory."""
        return PAGE_SIZE << self.p.order

    @property
    def inflight(self) -> int:
        """page_pool_inflight(): what entered the pool and has not left it; caches included."""
        return self.hold_cnt - self.release_cnt

    # allocation

    def consumer_only(self, what: str) -> None:
        """Raises WrongContext unless the caller may touch the lockless cache."""
        if self.napi is not None and self.napi.enabled and Napi.running is not self.napi:
            where = Napi.running.name if Napi.running else "process context"
            raise WrongContext(f"{what} in {where}; the pool's consumer is {self.napi.name}")

    def allocate(self) -> Netmem:
        """Memory from the cache, the ring, or the system; 0 if there is none."""
        if self.dying:
            raise PoolGone("allocation from a pool that was destroyed")
        self.consumer_only("allocation")
        if self.cache:
            memory = self.cache.pop()
        elif self.ring:
            memory = self.ring.popleft()
        else:
            fresh = self._fresh()
            if fresh is None:
                return Netmem(None)
            memory = fresh
        memory.place = Whereabouts.IN_USE
        self.out.append(memory)
        return Netmem(memory, memory.generation)

    def _fresh(self) -> Memory | None:
        device = self.p.dev
        if self.provider is not None:
            if not self.provider.free:
                return None
            self.provider.free -= 1
            device.created += 1
            fresh: Memory | None = Memory(device, self.provider.backing, self.size,
                                          0x1000 + 0x40 * device.created)
        else:
            fresh = device.page(self.p.order)
        if fresh is None:
            return None
        fresh.pool = self
        self.hold_cnt += 1
        if self.dma_map:
            fresh.mapped = True
            self._sync_for_device(fresh, self.p.max_len)
        return fresh

    def allocate_frag(self, size: int) -> tuple[Netmem, int]:
        """A piece of memory that others share, and its offset. Raises OutOfRange."""
        if size > self.size:
            raise OutOfRange(f"a fragment of {size} bytes from memory of {self.size}")
        size = -(-size // _FRAG_ALIGN) * _FRAG_ALIGN
        if self.frag is not None and self.frag_offset + size > self.size:
            self._drain_frag()
        if self.frag is None:
            netmem = self.allocate()
            if netmem.memory is None:
                return netmem, 0
            self.frag = netmem.memory
            self.frag_offset = 0
            self.frag.pp_ref_count = _BIAS_MAX
            self.frag.bias = _BIAS_MAX
        elif self.dying:
            raise PoolGone("allocation from a pool that was destroyed")
        else:
            self.consumer_only("allocation")
        self.frag.bias -= 1
        offset, self.frag_offset = self.frag_offset, self.frag_offset + size
        return Netmem(self.frag, self.frag.generation), offset

    def allocate_any(self, size: int) -> tuple[Netmem, int, int]:
        """All of a piece, or a fragment if two of the size fit: netmem, offset, size."""
        if size * 2 > self.size:
            return self.allocate(), 0, self.size
        netmem, offset = self.allocate_frag(size)
        if netmem and self.frag_offset + size > self.size:
            # Too little is left for one more: it belongs to this fragment.
            size, self.frag_offset = self.size - offset, self.size
        return netmem, offset, size

    def _drain_frag(self) -> None:
        memory, self.frag = self.frag, None
        if memory is None:
            return
        memory.pp_ref_count -= memory.bias
        memory.bias = 0
        if memory.pp_ref_count == 0:
            memory.pp_ref_count = 1
            self._take_back(memory, -1, direct=not self.dying)

    # release

    def put(self, memory: Memory, dma_sync_size: int, allow_direct: bool) -> None:
        """What page_pool_put_unrefed_netmem() does, once no reference is left."""
        if memory.pool is not self:
            raise WrongPool(f"{memory} is not from this pool")
        if memory.pp_ref_count != 1 or memory.in_skbs:
            raise StillReferenced(f"{memory} still has {memory.held} references")
        if allow_direct:
            self.consumer_only("direct recycling")
        elif self.napi is not None and Napi.running is self.napi:
            allow_direct = True
        self._take_back(memory, dma_sync_size, direct=allow_direct and not self.dying)

    def _take_back(self, memory: Memory, dma_sync_size: int, *, direct: bool) -> None:
        memory.generation += 1
        self.out.remove(memory)
        if memory.refcount > 1 or memory.pfmemalloc or self.dying:
            self._let_go(memory)
            return
        self._sync_for_device(memory, dma_sync_size)
        if direct and len(self.cache) < CACHE_SIZE:
            memory.place = Whereabouts.CACHE
            self.cache.append(memory)
        elif len(self.ring) < min(self.p.pool_size or RING_SIZE, 16384):
            memory.place = Whereabouts.RING
            self.ring.append(memory)
        else:
            self._let_go(memory)

    def _let_go(self, memory: Memory) -> None:
        memory.pool = None
        memory.mapped = False
        memory.device_bits = memory.dirty = 0
        memory.refcount -= 1
        if memory.refcount:
            memory.place = Whereabouts.IN_USE
            # An ordinary page from now on, for those who used get_page().
            memory.generation -= 1
        else:
            memory.place = Whereabouts.GONE
        if self.provider is not None:
            self.provider.free += 1
        self.release_cnt += 1
        if self.dying and not self.inflight:
            self.destroyed = True

    def _sync_for_device(self, memory: Memory, size: int) -> None:
        if self.device_syncs and memory.backing is Backing.PAGE:
            length = self.p.max_len if size < 0 else min(size, self.p.max_len)
            memory.give_to_device(self.p.offset, length)

    # the end

    def drop_user(self) -> None:
        """page_pool_destroy(). Whatever is in flight keeps the pool waiting; nothing is mapped."""
        if not self.users:
            raise PoolGone("page_pool_destroy() of a pool that was destroyed")
        last = self.users == 1
        if last and self.napi is not None and self.napi.enabled:
            raise WrongContext(f"page_pool_destroy() while {self.napi.name} is enabled")
        self.users -= 1
        if not last:
            return
        self.napi = None
        self.dying = True
        self._drain_frag()
        for memory in self.out:
            memory.mapped = False
        for idle in (*self.cache, *self.ring):
            self._let_go(idle)
        self.cache.clear()
        self.ring.clear()
        self.destroyed = not self.inflight

    def waits_for(self) -> list[Memory]:
        """The memory that is in use: what a pool that was destroyed waits for."""
        return list(self.out)
