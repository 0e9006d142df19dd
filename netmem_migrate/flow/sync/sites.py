# SPDX-License-Identifier: GPL-2.0-only
"""Each raw sync for the CPU in a driver: the pool's call in its place, or which condition of it
does not hold (S1 to S9 of docs/preparing.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.types import Member
from netmem_migrate.flow.sync.constants import ZERO, constants
from netmem_migrate.flow.sync.joined import is_joined
from netmem_migrate.flow.sync.kept import (
    HERE,
    Kept,
    Refused,
    Terms,
    address_of,
    is_own,
    is_page,
    keeps_memory,
    kept,
    plus,
    term,
    terms,
)
from netmem_migrate.flow.sync.members import Key, uses
from netmem_migrate.flow.sync.narrow import BITS, block, is_masked, is_unsigned, within
from netmem_migrate.flow.sync.owners import Owners, Pool
from netmem_migrate.flow.sync.parallel import Parallel
from netmem_migrate.flow.sync.pools import Params, creates, params
from netmem_migrate.flow.sync.scopes import (
    Part,
    Scope,
    Sum,
    World,
    path,
    squeezed,
    stripped,
    total,
)
from netmem_migrate.flow.sync.taken import Taken, taken
from netmem_migrate.flow.sync.walked import Walked, walked
from netmem_migrate.kernel.makefiles import of_driver
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import (
    BOTH_WAYS,
    FROM_DEVICE,
    MASK_OF_BITS,
    POOL_PREFIX,
    RAW_RANGE,
    RAW_SINGLE,
    SETS_MASK,
    SYNC_NETMEM,
    SYNC_PAGE,
    TO_DEVICE,
    UNSIGNED,
)
from netmem_migrate.reasons import Reason, Why

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.flow.analyse import Analysis

_FILLED = ", and all is set that a buffer keeps before it is received"
_WIDE = re.compile(rb"%b\((\d+)\)" % MASK_OF_BITS.encode())


@dataclass(frozen=True, slots=True)
class Raw:
    """A raw sync; `offset` is None for the call that takes none."""

    scope: Scope
    call: view.Call
    device: Node
    address: Node
    offset: Node | None
    size: Node
    direction: Node


@dataclass(frozen=True, slots=True)
class Made:
    """The pool's call in the place of a raw one, and what the proof of it needs.

    `buffer` is the memory, as it is spelled, `carrier` the node of the address that is kept, None
    for one that is taken in place, and `more` what it is over the buffer's own address, spelled;
    `whole` is that with what the call adds, where it is a sum of which more than one term varies,
    b"" elsewhere. `start` is the pool's own offset, spelled. `turned`: the direction is another.
    `others` are members that are one in memory with the address, and `arrays` those that hold it,
    or the buffers.
    """

    raw: Raw
    pool: bytes
    buffer: bytes
    offset: bytes
    size: bytes
    page: bool
    kept: Kept
    carrier: Node | None
    more: bytes
    whole: bytes
    start: bytes
    turned: bool
    assumes: str
    others: tuple[Member, ...] = ()
    arrays: tuple[Member, ...] = ()

    @property
    def function(self) -> str:
        """The pool's function."""
        return SYNC_PAGE if self.page else SYNC_NETMEM

    @property
    def text(self) -> bytes:
        """The call."""
        return b"%b(%b, %b, %b, %b)" % (self.function.encode(), self.pool, self.buffer,
                                        self.offset, self.size)


def sites(analysis: Analysis) -> list[Made | Reason]:
    """Each raw sync for the CPU of a driver, in order."""
    world = World(analysis)
    found = sorted((one for scope in world.scopes(RAW_RANGE.encode(), RAW_SINGLE.encode())
                    for one in raws(scope)),
                   key=lambda one: (one.scope.file, one.call.node.start_byte))
    made: list[Made | Reason] = []
    for one in found:
        done = _Site(world, one).made()
        made.append(done if isinstance(done, Made) else Reason(
            done.why, done.by, done.other, one.scope.title, one.scope.file,
            one.scope.line(one.call.node)))
    return made


def lacking(made: Made) -> Reason:
    """That a kernel lacks the pool's call."""
    scope = made.raw.scope
    return Reason(Why.NO_API, made.function, slot=scope.title, file=scope.file,
                  line=scope.line(made.raw.call.node))


def raws(scope: Scope) -> Iterator[Raw]:
    """The raw syncs for the CPU in a function, but of what is sent."""
    for call in view.calls(scope.node):
        if call.args and view.text(call.args[-1]) == TO_DEVICE.encode():
            continue
        if call.name == RAW_RANGE.encode() and len(call.args) == 5:
            device, address, offset, size, direction = call.args
            yield Raw(scope, call, device, address, offset, size, direction)
        elif call.name == RAW_SINGLE.encode() and len(call.args) == 4:
            device, address, size, direction = call.args
            yield Raw(scope, call, device, address, None, size, direction)


@dataclass(eq=False)
class _Site:
    world: World
    raw: Raw

    @property
    def scope(self) -> Scope:
        return self.raw.scope

    @cached_property
    def _mine(self) -> tuple[str, ...]:
        """The files of the module, of those of the folder."""
        analysis = self.world.analysis
        root = analysis.driver.root
        return of_driver(root, analysis.originals, (self.scope.file,)) if root is not None \
            else tuple(analysis.driver.files)

    def made(self) -> Made | Refused:
        """The call, or what is in its way."""
        if self.scope.node.has_error:
            return Refused(Why.SYNC_OR_NOT, other="a function that cannot be read whole")
        near = taken(self.world, self.scope, self.raw.call, self.raw.address, self.raw.offset)
        if near is not None:
            return near if isinstance(near, Refused) else self._taken(near)
        far = walked(self.world, self.scope, self.raw.call.node, self.raw.address) \
            if self.raw.offset is None else None
        if far is not None:
            return far if isinstance(far, Refused) else self._walked(far)
        found = self._carrier()
        if isinstance(found, Refused):
            return found
        carrier, member, extra = found
        if not keeps_memory(self.world, member):
            return self._apart(carrier)
        held = kept(self.world, member)
        if isinstance(held, Refused):
            return held
        access = view.field(carrier)
        assert access is not None
        base = squeezed(access.base)
        over = terms(self.scope, base, extra.number, extra.parts)
        if over is None or not all(one.direct for one in extra.parts):
            return Refused(Why.SYNC_NOT_KEPT, other=self.scope.where(self.raw.address))
        pool = Owners(self.world, self.scope).pool(carrier, held)
        if isinstance(pool, Refused):
            return pool
        start = plus(held.more, over)
        given = held.device if is_own(held.member) else ((held.more, ""),)
        odd = self._device(given, start) or self._live(access, held) or self._pool_is(pool) or \
            self._narrow(held) or self._size()
        if odd is not None:
            return odd
        sign = b"->" if access.arrow else b"."
        reach = view.text(access.base) + sign
        order = [term(self.scope, base, one) for one in extra.parts]
        return self._call(pool, held, carrier, reach, start, order)

    def _apart(self, carrier: Node) -> Made | Refused:
        """The call for a buffer that is kept in another array, with the same index."""
        arrays = Parallel(self.world, self.scope, carrier, self.raw.call.node)
        found = arrays.found()
        if isinstance(found, Refused):
            return self._any_pool() or found
        held = found.kept
        pool = Owners(self.world, self.scope).pool(
            carrier, held, lambda places: arrays.pool(found.base, places))
        if isinstance(pool, Refused):
            return pool
        odd = self._pool_is(pool) or self._narrow(held) or self._size()
        if odd is not None:
            return odd
        made = self._call(pool, held, self.raw.address, found.base + b"->", held.more, ())
        return made if isinstance(made, Refused) else replace(
            made, others=found.others, arrays=found.arrays,
            assumes=f"{made.assumes}; the device leaves the address in a descriptor as it was "
            "written")

    def _any_pool(self) -> Refused | None:
        """That no pool of the driver keeps its offset, whichever the memory is of."""
        calls = [(scope, call.node) for scope in self.world.scopes(POOL_PREFIX.encode())
                 for call in view.calls(scope.node) if creates(call) and scope.file in self._mine]
        made = [params(scope, node) for scope, node in calls]
        odd = [self._offset_is(Pool(b"", (one,), "")) if one is not None else None for one in made]
        return odd[0] if odd and None not in odd else None

    def _taken(self, near: Taken) -> Made | Refused:
        """The call where the address is taken in place."""
        held = near.kept
        odd = self._size() or self._device(held.device, held.more)
        if odd is not None:
            return odd
        pool = Owners(self.world, self.scope).pool(near.access, held)
        if isinstance(pool, Refused):
            return pool
        odd = self._pool_is(pool)
        if odd is not None:
            return odd
        access = view.field(near.access)
        assert access is not None
        base = squeezed(access.base)
        reach = view.text(access.base) + (b"->" if access.arrow else b".")
        order = [term(self.scope, base, one) for one in near.extra.parts]
        made = self._call(pool, held, None, reach, held.more, order)
        return made if isinstance(made, Refused) else replace(
            made, buffer=view.text(near.memory))

    def _walked(self, far: Walked) -> Made | Refused:
        """The call where the descriptor is one that a pointer walks to."""
        held = far.kept
        pool = Owners(self.world, self.scope).pool(far.access, held)
        if isinstance(pool, Refused):
            return pool
        odd = self._pool_is(pool) or self._narrow(held) or self._size()
        if odd is not None:
            return odd
        made = self._call(pool, held, far.carrier, b"", held.more, ())
        return made if isinstance(made, Refused) else replace(
            made, buffer=view.text(far.memory), assumes=f"{made.assumes}; {far.assumes}")

    def _carrier(self) -> tuple[Node, Member, Sum] | Refused:
        """The member that the address is in, and what is added to it."""
        whole = total(self.scope, self.raw.address)
        more = Sum(0, ()) if self.raw.offset is None else total(self.scope, self.raw.offset)
        parts = (*whole.parts, *more.parts)
        fields = [(one, self.scope.member(_array(one.node))) for one in whole.parts
                  if view.field(_array(one.node)) is not None]
        chosen = [(one, member) for one, member in fields
                  if member is not None and is_own(member)] or fields
        here = self.scope.where(self.raw.address)
        if len(chosen) != 1:
            kept_apart = any(address_of(one) is not None for one in parts)
            return Refused(Why.SYNC_NOT_KEPT if kept_apart else Why.SYNC_OR_NOT, other=here)
        part, member = chosen[0]
        extra = Sum(whole.number + more.number, tuple(one for one in parts if one is not part))
        if (member is None or not is_own(member)) and (extra.number or extra.parts):
            # The field is what the device is given.
            return Refused(Why.SYNC_ELSEWHERE, by=_spelled(extra), other=_spelled(None))
        if member is None or part.less:
            return Refused(Why.SYNC_WRITTEN, other=f"places that are not followed, for {here}")
        if is_own(member) and not keeps_memory(self.world, member):
            return Refused(Why.SYNC_NOT_KEPT, other=here)
        if not part.direct or view.field(part.node) is None:
            return Refused(Why.SYNC_WRITTEN, other=self.scope.where(part.node))
        return part.node, member, extra

    # -- S9: whose memory it is

    def _live(self, access: view.Field, held: Kept) -> Refused | None:
        """That the buffer is still there: not cleared before, or used behind."""
        name, base = held.buffer.name, squeezed(access.base)
        call = self.raw.call.node
        mine = [one for one in uses(self.world, Key.of(held.buffer))
                if one.scope is self.scope and one.base == base]
        before = [one for one in mine if one.written and one.node.start_byte < call.start_byte]
        if not before:
            return None
        behind = [one for one in mine if one.node.start_byte > call.end_byte]
        if behind and not behind[0].written and within(behind[0].node, block(call)):
            return None
        return Refused(Why.SYNC_OR_NOT, by=name.decode("latin-1"), other=before[-1].where)

    # -- S3: where the device writes

    def _device(self, given: Sequence[tuple[Terms, str]], start: Terms) -> Refused | None:
        for one, where in given:
            if one != start:
                return Refused(Why.SYNC_ELSEWHERE, by=_said(start),
                               other=f"{_said(one)} ({where})")
        return None if given else Refused(
            Why.SYNC_ELSEWHERE, by=_said(start), other="an address that is not followed")

    # -- S4, S5, S8: the pool's device, direction and offset

    def _pool_is(self, pool: Pool) -> Refused | None:
        mine = self.scope, path(self.scope, self.raw.device)
        for one in pool.made:
            device = one.only(b"dev")
            if device is None or not is_joined(
                    self.world, mine, (one.scope, path(one.scope, device))):
                return Refused(Why.SYNC_DEVICE, other=one.scope.where(device or one.call))
            if self._same_pool_direction(pool):
                continue
            raw = squeezed(self.raw.direction)
            ways = self._ways(one)
            if isinstance(ways, Refused):
                return ways
            plain = ways <= {FROM_DEVICE.encode(), BOTH_WAYS.encode()}
            if not plain or not (raw == FROM_DEVICE.encode() or ways == {raw}):
                return Refused(Why.SYNC_DIRECTION, other=one.scope.where(one.call))
        return self._offset_is(pool)

    def _ways(self, one: Params) -> set[bytes] | Refused:
        """The directions that a pool may be made with. What a member may be at any time tells where
        the driver itself always says the same."""
        ways: set[bytes] = set()
        for way in one.each(b"dma_dir"):
            if view.field(way) is None:
                ways.add(squeezed(way))
                continue
            held = constants(self.world, one.scope, way) \
                if squeezed(self.raw.direction) == FROM_DEVICE.encode() else None
            if held is None:
                return Refused(Why.SYNC_CHANGES, by="dma_dir", other=one.scope.where(way))
            ways |= {BOTH_WAYS.encode() if value == ZERO else value for value in held}
        return ways or {ZERO}

    def _offset_is(self, pool: Pool) -> Refused | None:
        for one in pool.made:
            start = one.only(b"offset")
            whole = total(one.scope, start) if start is not None else None
            odd = next((part for part in whole.parts if not _constant(one.scope, part)), None) \
                if whole is not None else None
            if odd is not None:
                return Refused(Why.SYNC_CHANGES, by=odd.text.decode("latin-1"),
                               other=_written(self.world, one.scope, odd))
            if start is None and one.values.get(b"offset"):
                return Refused(Why.SYNC_CHANGES, by="offset", other=one.scope.where(one.call))
        return None

    def _same_pool_direction(self, pool: Pool) -> bool:
        node = stripped(self.scope, self.raw.direction)
        value = self.scope.once(node) or node
        call = view.call(stripped(self.scope, value))
        return call is not None and has(call.name, Trait.GIVES_DIRECTION) and \
            squeezed(call.args[0]) == pool.text

    # -- S6, S7: what passes through 32 bits

    def _narrow(self, held: Kept) -> Refused | None:
        if is_own(held.member):
            return None
        for scope in self.world.scopes(*(one.encode() for one in SETS_MASK)):
            if scope.file not in self._mine:  # another module of the folder has a device of its own
                continue
            for call in view.calls(scope.node):
                if call.name.decode("latin-1") not in SETS_MASK or len(call.args) != 2:
                    continue
                wide = _WIDE.fullmatch(squeezed(call.args[1]))
                if wide is None or int(wide[1]) > BITS:
                    return Refused(Why.SYNC_CUT, other=scope.where(call.node))
        return None

    def _size(self) -> Refused | None:
        if is_unsigned(self.scope, self.raw.size) or is_masked(
                self.scope, self.raw.call.node, self.raw.size):
            return None
        return Refused(Why.SYNC_NEGATIVE, by=squeezed(self.raw.size).decode("latin-1"))

    # -- S2, and the text

    def _call(self, pool: Pool, held: Kept, carrier: Node | None, reach: bytes,
              start: Terms, order: Sequence[bytes]) -> Made | Refused:
        mine: set[tuple[Terms, bytes]] = set()
        for one in pool.made:
            node = one.only(b"offset")
            whole = total(one.scope, node) if node is not None else Sum(0, ())
            own = terms(one.scope, b"", whole.number, whole.parts)
            if own is not None:
                mine.add((own, view.text(node) if node is not None else b"0"))
        if len({one for one, _ in mine}) != 1:
            return Refused(Why.SYNC_CHANGES, by="offset", other=pool.made[0].scope.where(
                pool.made[0].call))
        own, text = min(mine)
        rest = plus(start, own, -1)
        if rest[0] < 0 or any(count < 0 or not self._is_positive(held, name)
                              for name, count in rest[1]):
            return Refused(Why.SYNC_BEFORE, by=_said(start), other=_said(own))
        turned = not self._same_pool_direction(pool) and any(
            squeezed(way) != squeezed(self.raw.direction) for one in pool.made
            for way in one.each(b"dma_dir"))
        record = held.buffer.record
        varies = sum(name.startswith(HERE) for name, _ in start[1]) > 1 or (
            carrier is None and any(name.startswith(HERE) for name, _ in start[1])
            and len(start[1]) + bool(start[0]) > 1)
        short = f"; {_said(start)} stays below 4 GiB over the buffer" if varies else ""
        return Made(
            self.raw, pool.text, reach + held.buffer.name, _text(rest, reach, order),
            view.text(self.raw.size), is_page(held.buffer), held, carrier,
            _text(held.more, reach), _text(start, reach, order) if varies else b"", text, turned,
            f"what {record}.{held.buffer.name.decode('latin-1')} keeps is of the pool of the "
            f"{pool.held} by which it is reached{_FILLED if carrier is not None else ''}{short}")

    def _is_positive(self, held: Kept, name: bytes) -> bool:
        if not name.startswith(HERE):
            return True
        record = self.world.analysis.symbols.record(held.buffer.record, held.buffer.file)
        member = record.members.get(name[1:]) if record is not None else None
        return member is not None and member.type.base in UNSIGNED and not member.type.derivations


def _constant(scope: Scope, part: Part) -> bool:
    """Whether a term never changes: a macro that is a number, or a size."""
    name = view.text(part.node)
    return part.node.type == "sizeof_expression" or (
        part.node.type == "identifier" and not scope.is_local(name) and name.isupper())


def _written(world: World, scope: Scope, part: Part) -> str:
    """Where a term is set, the first place; else where it is used."""
    member = scope.member(part.node)
    if member is not None:
        for one in uses(world, Key.of(member)):
            if one.written:
                return one.where
    return scope.where(part.node)


def _text(of: Terms, reach: bytes, order: Sequence[bytes] = ()) -> bytes:
    """A sum as it is spelled: members, then names, then the number; some names in an order."""
    at = {name: number for number, name in enumerate(order)}
    words = [reach + name[1:] if name.startswith(HERE) else name
             for name, count in sorted(of[1], key=lambda one: (at.get(one[0], -1), one[0]))
             for _ in range(count)]
    if of[0] or not words:
        words.append(str(of[0]).encode())
    return b" + ".join(words)


def _said(of: Terms) -> str:
    """A sum as a reason names it: over the address of the buffer."""
    words = [name.lstrip(HERE).decode("latin-1") for name, count in sorted(of[1])
             for _ in range(abs(count))]
    words += [str(of[0])] if of[0] else []
    return " + ".join(["buffer", *words])


def _spelled(extra: Sum | None) -> str:
    """A sum over the address in a descriptor, as a reason names it."""
    words = [one.text.decode("latin-1") for one in extra.parts] if extra is not None else []
    words += [str(extra.number)] if extra is not None and extra.number else []
    return " + ".join(["descriptor", *words])


def _array(node: Node) -> Node:
    """The array of an element; anything else is itself."""
    inner = view.operand(node)
    return inner if node.type == "subscript_expression" and inner is not None else node
