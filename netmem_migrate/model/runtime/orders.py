# SPDX-License-Identifier: GPL-2.0-only
"""Every order of what a driver does with the buffers of a ring, played on the model.

Three buffers, three pieces of memory, and all sequences of twelve events: a buffer is filled, the
device writes to it and the CPU reads what it got, memory goes on to the stack, is given back by one
of the driver's own calls, or stays in its place, and the stack gives back what it had. Sequences
that lead to the same state are followed once. Two drivers are played side by side, before and after
a change, so that an access of bytes that are not synced is known for an old one or a new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache

from netmem_migrate.model.runtime import references
from netmem_migrate.model.runtime.access import (
    cpu_read,
    cpu_write,
    device_write,
    dma_sync_single_range_for_cpu,
    dma_sync_single_range_for_device,
)
from netmem_migrate.model.runtime.errors import BadParams, NotSynced, OutOfRange
from netmem_migrate.model.runtime.memory import (
    Address,
    Device,
    DmaAddress,
    Memory,
    Netmem,
    Whereabouts,
)
from netmem_migrate.model.runtime.params import PP_FLAG, PagePoolParams
from netmem_migrate.model.runtime.pool import PagePool
from netmem_migrate.model.runtime.skb import Frag, Skb, kfree_skb, skb_add_rx_frag_netmem

EVENTS = 12
BUFFERS = 3


@dataclass(frozen=True, slots=True)
class Put:
    """A call that gives memory back: how many bytes it says are touched (-1: all), and where."""

    size: int
    place: str = ""


@dataclass(frozen=True, slots=True)
class Fill:
    """Where memory for a buffer is taken, and whether it is synced for the device there; the CPU
    may write to it behind that at `touched`, "" for nowhere."""

    raw: bool
    place: str = ""
    touched: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a driver decides which bytes are synced.

    The first four are what its pool is made with. `synced`: what is received is synced for the CPU.
    `shared`: buffers may share a piece of memory. `part` is where the ring keeps a part of memory
    of which another goes on, `stays` where memory may stay in its place once the CPU had it, "" for
    nowhere: neither passes through the pool before the device has it again.
    """

    sync: bool = False
    order: int = 0
    max_len: int = 0
    offset: int = 0
    fills: tuple[Fill, ...] = (Fill(raw=False),)
    puts: tuple[Put, ...] = ()
    synced: bool = True
    shared: bool = False
    part: str = ""
    stays: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What all orders show of a driver after a change.

    `new` are the events that lead to an access of bytes that are not synced, where they were
    before; `old` those to one that was there before, too; () for none. `fails` is why the pool is
    not made, "" where it is. `states` is how many were told apart.
    """

    new: tuple[str, ...] = ()
    old: tuple[str, ...] = ()
    fails: str = ""
    states: int = 0

    @property
    def clean(self) -> bool:
        """Whether no access of bytes that are not synced is left."""
        return not self.new and not self.old and not self.fails

    @property
    def no_new(self) -> bool:
        """Whether there is none that was not there before."""
        return not self.new and not self.fails


@dataclass(slots=True)
class _Slot:
    netmem: Netmem
    offset: int
    received: bool = False


@dataclass(slots=True)
class _World:
    """A ring of a driver, its pool, and what the stack has."""

    facts: Facts
    size: int
    pool: PagePool
    slots: list[_Slot | None]
    skbs: list[Skb] = field(default_factory=list)


_Event = tuple[str, int, int]
_Key = tuple[object, ...]


@lru_cache(maxsize=256)
def shown(before: Facts, after: Facts, events: int = EVENTS, buffers: int = BUFFERS) -> Shown:
    """Play both, in all orders of so many events with so many buffers.

    Raises ValueError where the two do not fill, or give back, at as many places.
    """
    before, after = _alike(before, after)
    found = Shown()
    for halves, left_out in _sizes(after):
        try:
            start = tuple(_made(replace(one, part="") if left_out else one, buffers, halves)
                          for one in (before, after))
        except (BadParams, OutOfRange) as error:
            return Shown(fails=str(error))
        one = _played(start, events)
        found = Shown(found.new or one.new, found.old or one.old,
                      states=found.states + one.states)
    return found


def _alike(before: Facts, after: Facts) -> tuple[Facts, Facts]:
    """Both with one of the places each that do the same before, and after."""
    fills = {(one.raw, other.raw, one.touched, other.touched): (one, other)
             for one, other in reversed([*zip(before.fills, after.fills, strict=True)])}
    puts = {(one.size, other.size): (one, other)
            for one, other in reversed([*zip(before.puts, after.puts, strict=True)])}
    return (replace(before, fills=tuple(one for one, _ in fills.values()),
                    puts=tuple(one for one, _ in puts.values())),
            replace(after, fills=tuple(one for _, one in fills.values()),
                    puts=tuple(one for _, one in puts.values())))


def _sizes(facts: Facts) -> tuple[tuple[bool, bool], ...]:
    """Whether a buffer is half of a piece of memory, and whether parts are not kept then: both
    sizes where either may be."""
    if facts.part:
        return (True, False), (False, True)
    return ((True, False), (False, False)) if facts.shared else ((False, False),)


def _made(facts: Facts, buffers: int, halves: bool) -> _World:
    flags = PP_FLAG.DMA_MAP | (PP_FLAG.DMA_SYNC_DEV if facts.sync else PP_FLAG.NONE)
    pool = references.create(PagePoolParams(
        Device(pages=buffers), flags, order=facts.order, max_len=facts.max_len,
        offset=facts.offset))
    return _World(facts, pool.size // 2 if halves else pool.size, pool, [None] * buffers)


def _played(start: tuple[_World, ...], events: int) -> Shown:
    known = {_key(start)}
    level: list[tuple[tuple[_World, ...], tuple[str, ...]]] = [(start, ())]
    new: tuple[str, ...] = ()
    old: tuple[str, ...] = ()
    for _ in range(events):
        following: list[tuple[tuple[_World, ...], tuple[str, ...]]] = []
        for worlds, past in level:
            for event in _events(worlds[1]):
                both = tuple(map(_copied, worlds))
                odd = [_play(one, event) for one in both]
                if odd[0] is None or odd[1] is None:
                    continue
                told = (*past, _said(both[1].facts, event))
                if odd[1] and not new and odd[1] - odd[0]:
                    new = (*told, min(odd[1] - odd[0]))
                if odd[1] & odd[0] and not old:
                    old = (*told, min(odd[1] & odd[0]))
                key = _key(both)
                if key not in known:
                    known.add(key)
                    following.append((both, told))
        level = following
    return Shown(new, old, states=len(known))


# Events: each has a name, the buffer or packet that it is of, and which of several calls.

def _events(world: _World) -> Iterator[_Event]:
    facts = world.facts
    for at, slot in enumerate(world.slots):
        if slot is None:
            yield from (("fill", at, which) for which in range(len(facts.fills)))
        elif not slot.received:
            yield "receive", at, 0
            yield "fail", at, 0
        else:
            yield "pass", at, 0
            yield from (("put", at, which) for which in range(len(facts.puts)))
            if facts.part:
                yield "keep", at, 0
            if facts.stays:
                yield "stay", at, 0
    for at in range(len(world.skbs)):
        yield "free", at, 0


def _said(facts: Facts, event: _Event) -> str:
    what, _, which = event
    if what == "put":
        one = facts.puts[which]
        size = "all" if one.size < 0 else str(one.size)
        return f"memory is given back at {one.place} ({size} bytes)"
    return {"fill": f"a buffer is filled at {facts.fills[which].place}",
            "receive": "a packet is received", "fail": "a packet is received with an error",
            "pass": "memory goes on to the stack", "free": "the stack gives memory back",
            "keep": f"a part stays in the ring at {facts.part}",
            "stay": f"memory stays in its place at {facts.stays}"}[what]


def _play(world: _World, event: _Event) -> frozenset[str] | None:
    """Do it: what was accessed that is not synced; None where it cannot be done."""
    what, at, which = event
    if what == "free":
        kfree_skb(world.skbs.pop(at))
        return frozenset()
    slot = world.slots[at]
    if slot is None:
        return frozenset() if _fill(world, at, world.facts.fills[which]) else None
    if what in ("receive", "fail"):
        return _receive(world, slot, error=what == "fail")
    if what == "put":
        world.slots[at] = None
        netmem = slot.netmem
        if not references.unref(netmem, 1):
            world.pool.put(_memory(netmem), world.facts.puts[which].size, True)
        return frozenset()
    if what in ("pass", "keep"):
        if what == "keep":
            _memory(slot.netmem).pp_ref_count += 1
        else:
            world.slots[at] = None
        skb = Skb(pp_recycle=True)
        skb_add_rx_frag_netmem(skb, 0, slot.netmem, slot.offset, world.size, world.size)
        world.skbs.append(skb)
    if what == "keep":
        slot.offset ^= world.size
    slot.received = False
    return frozenset()


def _memory(netmem: Netmem) -> Memory:
    assert netmem.memory is not None
    return netmem.memory


def _fill(world: _World, at: int, fill: Fill) -> bool:
    netmem, offset = (world.pool.allocate_frag(world.size)
                      if world.facts.shared and world.size < world.pool.size
                      else (world.pool.allocate(), 0))
    if not netmem:
        return False
    world.slots[at] = slot = _Slot(netmem, offset)
    if fill.raw:
        dma_sync_single_range_for_device(world.pool.p.dev, _address(slot), 0, world.size)
    if fill.touched:
        cpu_write(Address(netmem, offset), world.size)
    return True


def _address(slot: _Slot) -> DmaAddress:
    return DmaAddress(_memory(slot.netmem), slot.netmem.generation, slot.offset)


def _receive(world: _World, slot: _Slot, *, error: bool) -> frozenset[str]:
    """The device writes; without an error, the CPU gets it, reads, and writes what it likes."""
    odd = set()
    memory = _memory(slot.netmem)
    try:
        device_write(world.pool.p.dev, _address(slot), world.size)
    except NotSynced:
        odd.add("the device writes bytes that are not synced for it")
        memory.dirty |= memory.bits(slot.offset, world.size)
    if error:
        return frozenset(odd)
    slot.received = True
    address = Address(slot.netmem, slot.offset)
    if world.facts.synced:
        dma_sync_single_range_for_cpu(world.pool.p.dev, _address(slot), 0, world.size)
    try:
        cpu_read(address, world.size)
        cpu_write(address, world.size)
    except NotSynced:
        odd.add("the CPU reads bytes that are not synced for it")
    return frozenset(odd)


# States: those that differ only in which buffer and which piece of memory is which are one.

def _copied(world: _World) -> _World:
    old = world.pool
    pool = copy(old)
    pool.p = replace(old.p, dev=copy(old.p.dev))
    memories: dict[int, Memory] = {}

    def memory(one: Memory) -> Memory:
        found = memories.get(id(one))
        if found is None:
            found = memories[id(one)] = copy(one)
            found.pool, found.device = pool, pool.p.dev
        return found

    def netmem(one: Netmem) -> Netmem:
        return Netmem(memory(_memory(one)), one.generation)

    pool.cache = [memory(one) for one in old.cache]
    pool.ring = type(old.ring)(memory(one) for one in old.ring)
    pool.out = [memory(one) for one in old.out]
    pool.frag = memory(old.frag) if old.frag is not None else None
    return _World(
        world.facts, world.size, pool,
        [one and _Slot(netmem(one.netmem), one.offset, one.received) for one in world.slots],
        [replace(one, frags=[Frag(netmem(frag.netmem), frag.offset, frag.size)
                             for frag in one.frags]) for one in world.skbs])


def _key(worlds: tuple[_World, ...]) -> _Key:
    """What makes two states the same: both worlds at once, for one memory is in both."""
    first = worlds[0]
    pieces = {id(one): two for one, two in zip(_all(first), _all(worlds[1]), strict=True)}
    labels: dict[int, int] = {}

    def said(one: Memory) -> tuple[int, ...]:
        other = pieces[id(one)]
        return (one.device_bits, one.dirty, other.device_bits, other.dirty,
                one.pp_ref_count, one.bias, one.in_skbs)

    def label(one: Memory) -> tuple[int, tuple[int, ...]]:
        return labels.setdefault(id(one), len(labels)), said(one)

    pool = first.pool
    idle: list[object] = [[label(one) for one in group] for group in (
        pool.cache, pool.ring, [pool.frag] if pool.frag is not None else [])]
    held = sorted(((slot.offset, slot.received, said(_memory(slot.netmem)), _memory(slot.netmem))
                   for slot in first.slots if slot is not None),
                  key=lambda one: (*one[:3], labels.get(id(one[3]), -1)))
    slots = [(offset, received, label(one)) for offset, received, _, one in held]
    frags = sorted(((frag.offset, said(_memory(frag.netmem)), _memory(frag.netmem))
                    for skb in first.skbs for frag in skb.frags),
                   key=lambda one: (*one[:2], labels.get(id(one[2]), -1)))
    skbs = [(offset, label(one)) for offset, _, one in frags]
    return (repr(idle), pool.frag_offset if pool.frag is not None else 0, tuple(slots),
            tuple(skbs), pool.p.dev.pages)


def _all(world: _World) -> list[Memory]:
    pool = world.pool
    out = [one for one in pool.out if one.place is Whereabouts.IN_USE]
    return [*pool.cache, *pool.ring, *out]
