# SPDX-License-Identifier: GPL-2.0-only
"""An address that is kept in one array, and its buffer in another, with the same index.

    desc = &ring->descs[i];             buf = &ring->bufs[i];
    desc->address = D(buf->buffer) + more

The two arrays go together: wherever the address is set, and where it is synced, both are reached
from the same record, by the same indexes, and nothing else is done with either array.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.types import Member, Record
from netmem_migrate.flow.sync.kept import (
    HERE,
    Kept,
    Refused,
    Terms,
    is_mapped,
    is_memory,
    is_none,
    split,
    terms,
)
from netmem_migrate.flow.sync.members import Key, Use, hidden, uses
from netmem_migrate.flow.sync.narrow import within
from netmem_migrate.flow.sync.rings import Arrays, Calls, Renewed, members_at, precedes, statement
from netmem_migrate.flow.sync.scopes import Scope, World, squeezed, stripped
from netmem_migrate.flow.sync.strides import is_strided
from netmem_migrate.flow.sync.values import (
    Element,
    Frame,
    Value,
    Values,
    callers,
    element,
    reaching,
    together,
    way,
)
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.reasons import Why

if TYPE_CHECKING:
    from tree_sitter import Node


_DEPTH = 8
_Pairs = tuple[tuple[Frame, Element, Element], ...]
"""The descriptor, and the buffer, in each way that a function is called."""


@dataclass(frozen=True, slots=True)
class Beside:
    """How an address is kept in another array than its buffer.

    `base` is the local by which the buffer is reached at the sync, `others` are the members that
    are one in memory with the address, and `arrays` those that hold one of the two arrays.
    """

    kept: Kept
    base: bytes
    others: tuple[Member, ...]
    arrays: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class _Write:
    """Where an address is set: to that of which memory, and what it is over that."""

    use: Use
    memory: Node
    home: view.Field
    more: Terms
    added: tuple[Node, ...]
    pairs: _Pairs


@dataclass(eq=False)
class Parallel:
    """The array of the address that is synced in a call, and that of the buffers."""

    world: World
    scope: Scope
    carrier: Node
    call: Node
    writes: list[_Write] = field(default_factory=list)

    def found(self) -> Beside | Refused:
        """How the address is kept, or what is in the way."""
        ring = next((pairs[0][1] for pairs in self.reached.values()), None)
        if ring is None:
            return Refused(Why.SYNC_NOT_KEPT, other=self.scope.where(self.carrier))
        carriers = self._carriers(ring)
        if carriers is None:
            return Refused(Why.SYNC_APART, other=self.scope.where(self.carrier))
        ends: list[Use] = []
        odd = self._written(carriers, ends)
        if odd is not None:
            return odd
        if not self.writes:
            return Refused(Why.SYNC_NOT_KEPT, other=self.scope.where(self.carrier))
        return self._judged(ring, carriers, ends)

    @cached_property
    def reached(self) -> dict[bytes, _Pairs]:
        """The locals that point at the call to an element of the same index as the descriptor."""
        found: dict[bytes, _Pairs] = {}
        access = view.field(self.carrier)
        for name, type_ in self.scope.typed.declared.items():
            if access is None or type_ is None or type_.derivations != ("p",):
                continue
            pairs = _pairs(self.scope, access.base, partial(_named, name, self.call))
            if pairs and all(one.at == other.at for _, one, other in pairs):
                found[name] = pairs
        return found

    def _carriers(self, ring: Element) -> dict[Key, Member] | None:
        """The members that are one in memory with the address, of each type that the array has;
        None where that is not shown."""
        mine = self.scope.member(self.carrier)
        arms = members_at(self.world, ring.way[-1])
        symbols = self.world.analysis.symbols
        found: dict[Key, Member] = {}
        heads: set[tuple[object, ...]] = set()
        for tag in dict.fromkeys(one.type.base for one in arms):
            records = symbols.records.get(tag, [])
            if tag == "void":
                continue
            member = records[0].members.get(mine.name) if mine is not None and records else None
            if len(records) != 1 or member is None or records[0].repeated:
                return None
            found[Key.of(member)] = member
            heads.add(_head(self.world, records[0], member))
        one = len(heads) == 1 and (None,) not in heads
        plain = all(arm.type.derivations[-1:] == ("p",) and arm.type.derivations.count("p") == 1
                    for arm in arms)
        return found if one and plain and mine is not None and Key.of(mine) in found else None

    # -- S1: where the address is set

    def _written(self, carriers: dict[Key, Member], ends: list[Use]) -> Refused | None:
        for key in carriers:
            odd = hidden(self.world, key.name)
            if odd:
                return Refused(Why.SYNC_WRITTEN, other=odd)
            for use in uses(self.world, key):
                if not use.written and not _is_lent(use):
                    continue
                if not use.known or use.value is None:
                    return Refused(Why.SYNC_WRITTEN, other=use.where)
                refused = self._write(use, ends)
                if refused is not None:
                    return refused
        return None

    def _write(self, use: Use, ends: list[Use]) -> Refused | None:
        if is_mapped(use):
            return Refused(Why.SYNC_OR_NOT, other=use.where)
        pool = split(use)
        if pool is None:
            ends.append(use)
            return None
        home = _home(use, pool[0])
        assert use.value is not None
        if home is None:
            return Refused(Why.SYNC_NOT_KEPT, other=use.where)
        more = terms(use.scope, squeezed(home.base), pool[1].number, pool[1].parts)
        if more is None:
            return Refused(Why.SYNC_NOT_KEPT, other=use.where)
        access = view.field(use.node)
        pairs = _pairs(use.scope, access.base, partial(_valued, home.base)) if access is not None \
            else ()
        if not pairs or not _is_settled(use.scope, use.value) or any(
                one.at != other.at for _, one, other in pairs):
            return Refused(Why.SYNC_APART, other=use.where)
        self.writes.append(_Write(
            use, pool[0], home, more, tuple(one.node for one in pool[1].parts), pairs))
        return None

    # -- both arrays, and what is in them

    def _judged(self, ring: Element, carriers: dict[Key, Member],
                ends: list[Use]) -> Beside | Refused:
        first = self.writes[0]
        buffer = first.use.scope.member(first.home.node)
        (_, _, record), *_ = first.pairs
        arrays = members_at(self.world, record.way[-1])
        if buffer is None or not is_memory(buffer) or len(arrays) != 1:
            return Refused(Why.SYNC_NOT_KEPT, other=first.use.where)
        for write in self.writes:
            member = write.use.scope.member(write.home.node)
            if member is None or Key.of(member) != Key.of(buffer) or write.more != first.more or \
                    any(one.way != ring.way or other.way != record.way
                        or other.apart != record.apart for _, one, other in write.pairs):
                return Refused(Why.SYNC_APART, other=write.use.where)
        terms_ = self._terms(buffer, first.more)
        odd = self._set_alone(buffer, terms_)
        if odd:
            return Refused(Why.SYNC_WRITTEN, other=odd)
        renewed = Renewed(self.world, arrays[0], self._fills(buffer))
        apart = {one.apart for write in self.writes for _, one, _ in write.pairs}
        if len(apart) != 1:
            return Refused(Why.SYNC_APART, other=first.use.where)
        (stride,) = apart
        rest = next((one for one in ends if not _is_behind(renewed, one, stride)), None)
        if rest is not None:
            return Refused(Why.SYNC_WRITTEN, other=rest.where)
        arms = members_at(self.world, ring.way[-1])
        odd = Arrays(self.world, arms, renewed).odd() or Arrays(
            self.world, arrays, lambda _: True).odd()
        if odd or not is_strided(self.world, self.scope, self.carrier, ring, stride):
            return Refused(Why.SYNC_APART, other=odd or self.scope.where(self.carrier))
        base = self._base(ring, record)
        if not base:
            return Refused(Why.SYNC_NOT_KEPT, other=self.scope.where(self.carrier))
        gone = self._gone(buffer, base)
        if gone:
            return Refused(Why.SYNC_OR_NOT, by=buffer.name.decode("latin-1"), other=gone)
        mine = self.scope.member(self.carrier)
        assert mine is not None
        kept = Kept(mine, buffer, first.more, tuple(one.use for one in self.writes), ())
        return Beside(kept, base, tuple(carriers.values()), (*arms, *arrays))

    def _terms(self, buffer: Member, more: Terms) -> list[Member]:
        record = self.world.analysis.symbols.record(buffer.record, buffer.file)
        names = [name[1:] for name, _ in more[1] if name.startswith(HERE)]
        return [record.members[name] for name in names] if record is not None else []

    def _fills(self, buffer: Member) -> set[int]:
        return {id(one.scope) for one in uses(self.world, Key.of(buffer)) if one.written
                and (one.value is None or not is_none(one.value))}

    def _set_alone(self, buffer: Member, others: list[Member]) -> str:
        """Where the buffer, or what is added, is set without the address, or behind it."""
        for member in (buffer, *others):
            if hidden(self.world, member.name):
                return hidden(self.world, member.name)
            for one in uses(self.world, Key.of(member)):
                if not one.written and not _is_lent(one):
                    continue
                clear = member is buffer and one.value is not None and is_none(one.value)
                whole = one.value is not None or member is not buffer
                if not one.known or not (clear or (whole and self._comes_first(one))):
                    return one.where
        return ""

    def _comes_first(self, one: Use) -> bool:
        """Whether an address is set with it, to that of the same buffer."""
        for write in self.writes:
            whole = statement(write.use.node)
            same = write.use.scope is one.scope and squeezed(write.home.base) == one.base
            if not same or whole.type != "expression_statement" or whole.parent is None or \
                    not within(one.node, whole.parent):
                continue
            last = min(write.memory.start_byte, write.use.node.start_byte,
                       write.home.node.start_byte)
            if one.node.start_byte <= last or one.node == write.home.node or _is_same(
                    one, write.added):
                return True
        return False

    def _base(self, ring: Element, record: Element) -> bytes:
        """The local by which the buffer of the descriptor is reached at the call."""
        return next((name for name, pairs in self.reached.items() if all(
            one.way == ring.way and one.apart == ring.apart and other.way == record.way
            and other.apart == record.apart for _, one, other in pairs)), b"")

    def _gone(self, buffer: Member, base: bytes) -> str:
        """Where a buffer is set, or cleared, between what leads to it and the call."""
        store = reaching(self.scope, base, self.call)
        start = store.node if store is not None else self.scope.function.declarator
        loops: list[Node] = []
        around = self.call.parent
        while around is not None and not within(start, around):
            loops += [around] if view.loop(around) is not None else []
            around = around.parent
        sets = [one for one in uses(self.world, Key.of(buffer)) if one.written]
        found = next((
            one.where for one in sets if one.scope is self.scope and (
                start.start_byte < one.node.start_byte < self.call.start_byte
                or any(within(one.node, loop) for loop in loops))), "")
        others = {id(one.scope) for one in sets}
        return found or (self.scope.where(start) if Calls(self.world).reaches(
            self.scope, start, self.call, others) else "")

    # -- the pool

    def pool(self, base: bytes, taken: list[tuple[Scope, Node]]) -> bytes:
        """The pool as it is spelled at the call, of the places where memory is taken from it; b""
        where it is not the same for all buffers of one array."""
        texts = {self._pool(base, scope, node) for scope, node in taken}
        return texts.pop() if len(texts) == 1 else b""

    def _pool(self, base: bytes, scope: Scope, node: Node) -> bytes:
        found = way(Values(Frame(scope)).place(node))
        write = next((one for one in self.writes if one.use.scope is scope), None)
        record = element(Values(Frame(scope)).of(write.home.base)) if write is not None else None
        if found is None or record is None or found[0] != record.root or \
                found[1][:-1] != record.way[:-1] or found[2] not in ((), record.outer):
            return b""
        if len(record.way) != 1:  # a record in a record has no name of its own
            return b""
        pairs = self.reached[base]
        root = self._name([(frame, other.root) for frame, _, other in pairs])
        indexes = [self._name([(frame, other.outer[number]) for frame, _, other in pairs])
                   for number in range(len(found[2]))]
        if not all((root, *indexes)):
            return b""
        return root + b"->" + found[1][-1].name + b"".join(b"[%b]" % one for one in indexes)

    def _name(self, values: list[tuple[Frame, Value]]) -> bytes:
        """The name of the function that has a value at the call, however that is called."""
        return next((name for name in self.scope.typed.declared if all(
            Values(frame).named(name, self.call) == value for frame, value in values)), b"")


def _pairs(scope: Scope, address: Node, buffer: Callable[[Values], Value]) -> _Pairs:
    """The descriptor and the buffer as elements; as each call of the function gives them, where
    that alone tells; nothing where they are not known."""
    frames = [Frame(scope)]
    both = Values(frames[0]).of(address), buffer(Values(frames[0]))
    if together(*both) is None and "parameter" in (both[0][0], both[1][0]):
        frames = [one.frame for one in callers(scope) or ()]
    found = [(frame, together(values.of(address), buffer(values)))
             for frame, values in zip(frames, map(Values, frames), strict=True)]
    whole = tuple((frame, *one) for frame, one in found if one is not None)
    return whole if len(whole) == len(found) else ()


def _named(name: bytes, at: Node, values: Values) -> Value:
    return values.named(name, at)


def _valued(node: Node, values: Values) -> Value:
    return values.of(node)


def _head(world: World, record: Record, member: Member) -> tuple[object, ...]:
    """What decides where in its record a member is, as the source has it."""
    source = world.analysis.originals.get(record.file, b"")
    body = member.declaration.parent
    whole = body.parent if body is not None else None
    while whole is not None and whole.parent is not None and \
            whole.parent.type != "translation_unit" and not whole.parent.type.startswith("preproc"):
        whole = whole.parent
    if body is None or whole is None or member.name not in record.order or b"#pragma" in source:
        return (None,)
    end = source.find(b"\n", whole.end_byte)
    outside = re.sub(rb"\b%b\b" % re.escape(record.tag.partition(" ")[2].encode()), b"", b"".join((
        source[whole.start_byte:body.start_byte], source[body.end_byte:end])))
    before = [record.members[name]
              for name in record.order[:record.order.index(member.name) + 1]]
    odd = [one.name for one in before if nodes(one.declaration, "bitfield_clause")
           or "a" in one.type.derivations or one.in_union]
    lines = [re.sub(rb"\b%b\b" % re.escape(one.name), b"", source[
        one.declaration.start_byte:one.declaration.end_byte]).split() for one in before]
    return (None,) if odd else (tuple(outside.split()), *map(tuple, lines))


def _is_lent(use: Use) -> bool:
    """Whether a macro, or a function that stores, is given a member."""
    around = view.outer(use.node).parent
    call = view.call(around.parent) if around is not None and \
        around.type == "argument_list" else None
    if call is None or not call.name:
        return call is not None
    macros = use.scope.world.analysis.symbols.macros.get(call.name, ())
    return has(call.name, Trait.STORES) or has(call.name, Trait.SWAPS) or any(
        _SETS.search(one.body) for one in macros)


_SETS = re.compile(rb"[^=!<>]=[^=]|\+\+|--")


def _home(use: Use, memory: Node) -> view.Field | None:
    """The member that the memory, of which an address is, is kept in."""
    scope = use.scope
    access = view.field(stripped(scope, memory))
    member = scope.member(access.node) if access is not None else None
    if member is not None and is_memory(member):
        return access
    name = view.text(stripped(scope, memory))
    for one in view.stores(scope.node):
        access = view.field(one.target)
        member = scope.member(access.node) if access is not None else None
        value = stripped(scope, one.value)
        if member is None or not is_memory(member) or value.type != "identifier" or \
                view.text(value) != name:
            continue
        mine, other = reaching(scope, name, value), reaching(scope, name, memory)
        if mine is not None and mine == other and (
                precedes(scope, one.node, use.node) or precedes(scope, use.node, one.node)):
            return access
    return None


def _is_same(one: Use, added: tuple[Node, ...]) -> bool:
    """Whether a member is set to a local that an address has over that of the buffer."""
    value = stripped(one.scope, one.value) if one.value is not None else None
    if value is None or value.type != "identifier" or not _is_settled(one.scope, value):
        return False
    name = view.text(value)
    return any(view.text(other) == name and _is_settled(one.scope, other)
               and reaching(one.scope, name, other) == reaching(one.scope, name, value)
               for other in added)


def _is_settled(scope: Scope, node: Node, depth: int = 0) -> bool:
    """Whether each local in an expression has one value where that stands."""
    for one in (node, *nodes(node, "identifier")):
        name = view.text(one)
        if one.type != "identifier" or not scope.is_local(name):
            continue
        if name in scope.parameters:
            if scope.sets.get(name):
                return False
            continue
        found = reaching(scope, name, one)
        if found is None or depth > _DEPTH:
            return False
        call = view.call(stripped(scope, found.value))
        whole = call is not None and not has(call.name, Trait.DMA_ADDRESS)
        if not whole and not _is_settled(scope, found.value, depth + 1):
            return False
    return True


def _is_behind(renewed: Renewed, use: Use, stride: tuple[object, ...]) -> bool:
    """Whether the element behind the last buffer is set."""
    access = view.field(use.node)
    assert access is not None
    found = reaching(use.scope, view.text(access.base), access.base)
    return renewed.is_behind(use.scope, found.value if found is not None else access.base, stride)

