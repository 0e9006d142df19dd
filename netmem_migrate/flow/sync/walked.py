# SPDX-License-Identifier: GPL-2.0-only
"""An address that a descriptor keeps which a pointer walks to, and its buffer in an array of the
ring, with the number of the descriptor.

    i = number(at, &ring->walk);
    memory = ring->bufs[i].buffer;
    a = at->address;                    with at->address = D(memory) + more
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.types import Member
from netmem_migrate.flow.sync.cursors import (
    Owners,
    Pairs,
    Place,
    Walk,
    covers,
    numbers,
    place,
)
from netmem_migrate.flow.sync.descriptors import Descriptors, is_known
from netmem_migrate.flow.sync.kept import (
    HERE,
    Kept,
    Refused,
    Terms,
    address_of,
    is_memory,
    is_none,
    is_own,
    terms,
)
from netmem_migrate.flow.sync.members import Key, Use, hidden, union_of, uses
from netmem_migrate.flow.sync.narrow import within
from netmem_migrate.flow.sync.scopes import (
    DEPTH,
    Scope,
    Sum,
    World,
    stripped,
    swaps,
    total,
)
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.reasons import Why

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Walked:
    """The address, the local that the buffer is in, how it is reached, and how all is kept;
    `assumes` is what nothing shows."""

    carrier: Node
    memory: Node
    access: Node
    kept: Kept
    assumes: str


def arms(world: World, scope: Scope, node: Node) -> tuple[Member, ...]:
    """The members that a member access may be, one for each definition of the record."""
    access = view.field(node)
    base = scope.type_of(access.base) if access is not None else None
    target = base.target() if access is not None and access.arrow and base is not None else base
    if access is None or target is None or target.derivations:
        return ()
    records = world.analysis.symbols.records.get(target.base, [])
    found = [one.members.get(access.name) for one in records]
    plain = [one for one in found if one is not None]
    alike = {(one.file, one.type) for one in plain}
    return tuple(plain) if len(alike) == 1 and len(plain) == len(found) else ()


def of_arms(world: World, member: Member) -> tuple[Member, ...]:
    """The members that are a member in one arm of an `#if` or the other, or it alone."""
    found = [one.members.get(member.name) for one in
             world.analysis.symbols.records.get(member.record, [])]
    same = tuple(one for one in found if one is not None and one.file == member.file)
    return same if Key.of(member) in map(Key.of, same) else (member,)


def arm_uses(world: World, members: tuple[Member, ...]) -> Iterator[Use]:
    """The uses of a member that is declared in each arm of an `#if`."""
    keys = {Key.of(one) for one in members}
    for one in uses(world, Key.of(members[0])):
        known = one.known or keys <= {Key.of(arm) for arm in arms(world, one.scope, one.node)}
        yield Use(one.scope, one.node, known, one.written, one.value)


def walked(world: World, scope: Scope, call: Node, address: Node) -> Walked | Refused | None:
    """How an address is kept so that a call syncs; None where no descriptor that a pointer walks to
    keeps it."""
    site = _at(world, scope, call, address)
    return _Walked(world, scope, call, *site).found() if site is not None else None


def _at(world: World, scope: Scope, call: Node,
        address: Node) -> tuple[Node, Node, tuple[Member, ...], Node, Node, Place] | None:
    """The call's address, where it is read, the members that is, and the same of the buffer, that
    is read with the number of the descriptor."""
    carrier = view.bare(address)
    value = scope.once(carrier)
    read = stripped(scope, value) if value is not None else carrier
    access, members = view.field(read), arms(world, scope, read)
    if access is None or value is None or not members or is_own(members[0]):
        return None
    for name, sets in scope.sets.items():
        store = sets[0][1] if len(sets) == 1 else None
        member = scope.member(stripped(scope, store)) if store is not None else None
        found = place(scope, stripped(scope, store)) if store is not None else None
        if store is None or member is None or not is_memory(member) or found is None:
            continue
        counts = [one for one, count in scope.sets.get(found.index, ()) if count is not None
                  and numbers(world, scope, view.call(count))]
        target = sets[0][0]
        if counts and target.start_byte < call.start_byte and scope.is_local(name):
            return carrier, read, members, target, stripped(scope, store), found
    return None


@dataclass(eq=False)
class _Walked:
    world: World
    scope: Scope
    call: Node
    carrier: Node
    read: Node
    members: tuple[Member, ...]
    set_at: Node
    element: Node
    place: Place
    fresh: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def found(self) -> Walked | Refused:
        """How the address is kept, or what is in the way."""
        pairs = Pairs(self.world)
        access = view.field(self.read)
        assert access is not None
        here = pairs.at_once(self.scope, access.base, (self.element, self.read), self.place)
        names = view.text(self.carrier), view.text(_local(self.set_at))
        if here is None or not self._together() or not all(
                covers(self.scope, name, self.call) for name in names):
            return Refused(Why.SYNC_NUMBER, other=self.scope.where(self.read))
        bag = self._bag(here)
        rings = self._rings(bag)
        odd = hidden(self.world, self.members[0].name)
        if odd:
            return Refused(Why.SYNC_WRITTEN, other=odd)
        odd = Descriptors(self.world, self.members[0].record, rings, bag).odd()
        if odd:
            return Refused(Why.SYNC_WHOLE, other=odd)
        more: Terms | None = None
        writes: list[Use] = []
        for use in arm_uses(self.world, self.members):
            if not use.written:
                continue
            if not use.known or use.value is None:
                return Refused(Why.SYNC_WRITTEN, other=use.where)
            owners = Owners(self.world)
            inner = view.field(use.node)
            assert inner is not None
            owners.at(use.scope, inner.base, rings)
            if owners.odd or (here.tag in owners.tags and len(owners.tags) > 1):
                return Refused(Why.SYNC_RING, by=use.where, other=owners.odd or use.where)
            if here.tag not in owners.tags:
                self.others += sorted(owners.tags)
                continue
            judged = _Write(self.world, use, self.buffer, here).judged()
            if isinstance(judged, Refused):
                return judged
            if judged is None:
                continue
            if more is not None and judged != more:
                return Refused(Why.SYNC_WRITTEN, other=use.where)
            more = judged
            writes.append(use)
        if more is None:
            return Refused(Why.SYNC_WRITTEN, other=self.scope.where(self.read))
        odd = self._alone(writes)
        if odd:
            return Refused(Why.SYNC_ALONE, other=odd)
        return Walked(
            self.carrier, _local(self.set_at), self.element,
            Kept(self.members[0], self.buffer, more, tuple(writes), ()), self._assumes(here))

    @property
    def buffer(self) -> Member:
        """The member that holds the buffer."""
        found = self.scope.member(self.element)
        assert found is not None
        return found

    def _together(self) -> bool:
        """Whether nothing is done between the reads of the buffer and of the address."""
        first, last = sorted((self.set_at, self.read), key=lambda one: one.start_byte)
        one, end = _statement(first), _statement(last)
        while one is not None and one != end:
            one = view.behind(one)
            if one is not None and one != end and any(
                    not swaps(self.scope, call.name) for call in view.calls(one)):
                return False
        return one is not None and not any(
            not swaps(self.scope, call.name) for call in view.calls(one))

    def _bag(self, here: Walk) -> str:
        """The type of what the ring is walked by."""
        mine = self.world.analysis.symbols.records.get(here.tag, [])
        return next((one.members[here.steps[0]].type.base for one in mine
                     if here.steps[0] in one.members), "")

    def _rings(self, bag: str) -> frozenset[str]:
        """The types of all rings: those that hold such."""
        return frozenset(tag for tag, records in self.world.analysis.symbols.records.items()
                         for one in records if any(
                             held.type.base == bag and not held.type.derivations
                             for held in one.members.values()))

    def _alone(self, writes: list[Use]) -> str:
        """Where the buffer is set without the address, in a ring that others have already."""
        odd = hidden(self.world, self.buffer.name) or self._otherwise()
        if odd:
            return odd
        for one in uses(self.world, Key.of(self.buffer)):
            if not one.written or (one.value is not None and is_none(one.value)):
                continue
            found = place(one.scope, one.node)
            if not one.known or one.value is None or found is None:
                return one.where
            beside = any(use.scope is one.scope and use.value is not None and any(
                _of(use.scope, memory, found) for memory in _memories(use.scope, use.value))
                for use in writes)
            if not beside and not _is_fresh(one.scope, found.start):
                return one.where
            if not beside:
                self.fresh.append(one.scope.title)
        return ""

    def _otherwise(self) -> str:
        """Where the buffer is set by another name, or with its whole record, or all of them."""
        record = self.world.analysis.symbols.record(self.buffer.record, self.buffer.file)
        arms_ = [one for one in record.members.values() if one.type.base == "void"
                 and union_of(one) is not None] if record is not None else []
        for one in (use for arm in arms_ for use in uses(self.world, Key.of(arm))):
            if one.written and (one.value is None or not is_none(one.value)):
                return one.where
        array = self.place.steps[-1]
        for scope in self.world.scopes(array, self.buffer.name):
            for store in view.stores(scope.node):
                type_ = scope.type_of(store.target)
                if store.node.type == "assignment_expression" and type_ is not None and \
                        type_.base == self.buffer.record and not type_.derivations:
                    return scope.where(store.node)
            for call in view.calls(scope.node):
                if not is_known(scope, call) and any(
                        (type_ := scope.type_of(stripped(scope, arg))) is not None
                        and type_.base == self.buffer.record and type_.derivations
                        for arg in call.args):
                    return scope.where(call.node)
        return ""

    def _assumes(self, here: Walk) -> str:
        said_ = [f"the descriptors of {here.tag} are none of {one}"
                 for one in dict.fromkeys(self.others)]
        said_ += [f"what {one} fills gets its addresses before it is received"
                  for one in dict.fromkeys(self.fresh)]
        return "; ".join([f"a descriptor of {here.tag} has the number of its place in the walk",
                          *said_])


@dataclass(eq=False)
class _Write:
    """A store of an address to a descriptor of the ring."""

    world: World
    use: Use
    buffer: Member
    walk: Walk

    def judged(self) -> Terms | Refused | None:
        """What is stored over the address of the buffer; None where there is no buffer."""
        more: Terms | None = None
        assert self.use.value is not None
        for value in _leaves(self.use.scope, self.use.value):
            here = self._leaf(value)
            if isinstance(here, Refused) or (here is not None and more is not None
                                             and here != more):
                return here if isinstance(here, Refused) else Refused(
                    Why.SYNC_WRITTEN, other=self.use.where)
            more = here if here is not None else more
        return more

    def _leaf(self, value: Node) -> Terms | Refused | None:
        scope = self.use.scope
        whole = total(scope, value, depth=DEPTH)
        found = [(one, memory) for one in whole.parts if (memory := address_of(one)) is not None]
        if len(found) == 1 and not found[0][0].less:
            part, memory = found[0]
            rest = Sum(whole.number, tuple(one for one in whole.parts if one is not part))
            more = terms(scope, b"", rest.number, rest.parts)
            element = self._element(memory)
            member = scope.member(element) if element is not None else None
            if element is None or member is None or Key.of(member) != Key.of(self.buffer) or \
                    not self._is_paired(element):
                return Refused(Why.SYNC_NUMBER, other=self.use.where)
            if more is None or any(name.startswith(HERE) for name, _ in more[1]):
                return Refused(Why.SYNC_NOT_KEPT, other=self.use.where)
            return more
        if found or not self._is_other(value, whole):
            return Refused(Why.SYNC_WRITTEN, other=self.use.where)
        return None

    def _element(self, memory: Node) -> Node | None:
        """The element that holds some memory: itself, or where the function stores it."""
        scope = self.use.scope
        if view.field(memory) is not None:
            return memory
        found = list(_stored(scope, memory))
        return found[0] if len(found) == 1 else None

    def _is_paired(self, element: Node) -> bool:
        scope = self.use.scope
        found, access = place(scope, element), view.field(self.use.node)
        if found is None or access is None:
            return False
        mine = Pairs(self.world).at_once(scope, access.base, (element, self.use.node), found)
        return mine is not None and (mine.tag, mine.steps) == (self.walk.tag, self.walk.steps)

    def _is_other(self, value: Node, whole: Sum) -> bool:
        """Whether a value is of what shares its storage with the buffer, which is none then."""
        scope = self.use.scope
        if not whole.parts and not whole.number:
            return any(self._is_arm(one) for one in _cleared(scope, value))
        return len(whole.parts) == 1 and any(
            element is not None and self._is_arm(element)
            for call in view.calls(whole.parts[0].node) for arg in call.args[:1]
            for element in (self._element(arg),))

    def _is_arm(self, element: Node) -> bool:
        member = self.use.scope.member(element)
        return member is not None and Key.of(member) != Key.of(self.buffer) and \
            member.record == self.buffer.record and member.file == self.buffer.file and \
            union_of(self.buffer) is not None and self._is_paired(element)


def _leaves(scope: Scope, value: Node, depth: int = 0) -> Iterator[Node]:
    """All that a value may be, through a local that was set right before, and both ways of a
    choice."""
    value = stripped(scope, value)
    branch, name = view.branch(value), view.text(value)
    sets = scope.sets.get(name, ()) if value.type == "identifier" else ()
    if branch is not None and branch.then is not None and branch.otherwise is not None:
        yield from _leaves(scope, branch.then, depth)
        yield from _leaves(scope, branch.otherwise, depth)
    elif sets and depth < DEPTH and name not in scope.parameters and covers(scope, name, value) \
            and all(one is not None for _, one in sets):
        for _, one in sets:
            if one is not None:
                yield from _leaves(scope, one, depth + 1)
    else:
        yield value


def _cleared(scope: Scope, zero: Node) -> Iterator[Node]:
    """The elements that are none where an address is zero."""
    around = view.outer(zero).parent
    branch = view.branch(around)
    if branch is not None and branch.otherwise is not None and within(zero, branch.otherwise):
        yield view.bare(branch.test)
    block = _statement(zero)
    for one in view.stores(block.parent) if block is not None and block.parent is not None else ():
        if view.field(one.target) is not None and is_none(one.value):
            yield one.target


def _memories(scope: Scope, value: Node) -> Iterator[Node]:
    for leaf in _leaves(scope, value):
        for part in total(scope, leaf, depth=DEPTH).parts:
            memory = address_of(part)
            if memory is not None:
                yield memory


def _of(scope: Scope, memory: Node, found: Place) -> bool:
    """Whether some memory is that of an element."""
    if view.field(memory) is not None:
        return place(scope, memory) == found
    return any(place(scope, one) == found for one in _stored(scope, memory))


def _stored(scope: Scope, memory: Node) -> Iterator[Node]:
    """The members that a local is stored to, while it is the same."""
    name = view.text(memory)
    for one in view.stores(scope.node):
        if view.field(one.target) is None or view.text(view.bare(one.value)) != name:
            continue
        first, last = sorted((one.node.start_byte, memory.start_byte))
        if memory.type == "identifier" and not any(
                first < where.start_byte < last for where, _ in scope.sets.get(name, ())):
            yield one.target


def _is_fresh(scope: Scope, name: bytes) -> bool:
    """Whether a local is memory that the function itself allocates."""
    sets = scope.sets.get(name, ())
    call = view.call(stripped(scope, sets[0][1])) if len(sets) == 1 and sets[0][1] is not None \
        else None
    return call is not None and name not in scope.parameters and has(call.name, Trait.ALLOCATES)


def _statement(node: Node) -> Node | None:
    found: Node | None = node
    while found is not None and found.type not in ("expression_statement", "declaration"):
        found = found.parent
    return found


def _local(store: Node) -> Node:
    pair = view.infix(store)
    name = pair.left if pair is not None else store.child_by_field_name("declarator")
    found = view.declared(name)
    assert found is not None
    return found

