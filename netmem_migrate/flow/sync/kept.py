# SPDX-License-Identifier: GPL-2.0-only
"""The member that keeps the DMA address of a buffer, from refill to receive: the buffer beside it,
and what the address is over that of the buffer.

    B->address = D(B->buffer) + more
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.types import Member
from netmem_migrate.flow.sync.members import Key, Use, hidden, said, stored_as, union_of, uses
from netmem_migrate.flow.sync.scopes import Part, Scope, Sum, World, squeezed, swaps, total
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import DMA_ADDRESS, REF
from netmem_migrate.reasons import Why

if TYPE_CHECKING:
    from tree_sitter import Node

HERE = b"\0"
"""What stands in a term for the record that the address is in."""

Terms = tuple[int, frozenset[tuple[bytes, int]]]
"""A number, and how often each other term is added, by what it is."""

UNKNOWN: Terms = (-1, frozenset({(b"?", 1)}))
"""What is like no other sum."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Which condition does not hold, and what a reason says of it."""

    why: Why
    by: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """How an address is kept: in `member`, beside `buffer`, and `more` over the buffer's own.

    `writes` are where it is set, `device` what the device is given, over the buffer's own address,
    and where.
    """

    member: Member
    buffer: Member
    more: Terms
    writes: tuple[Use, ...]
    device: tuple[tuple[Terms, str], ...]


def is_page(member: Member) -> bool:
    """Whether a member is a page, not a netmem."""
    return member.type.is_page


def is_own(member: Member) -> bool:
    """Whether an address is kept in a member of the driver, not in a descriptor of the device."""
    return member.type.base == DMA_ADDRESS


def keeps_memory(world: World, member: Member) -> bool:
    """Whether there is a page, or a netmem, in the same record, or what may hold one."""
    record = world.analysis.symbols.record(member.record, member.file)
    members = record.members.values() if record is not None else ()
    if any(is_memory(one) for one in members):
        return True
    void = {(one.file, one.identifier.start_byte)
            for slot in world.analysis.graph.slots.values() if slot.void
            for one in slot.spellings if one.identifier is not None}
    return any((one.file, name.start_byte) in void for one in members
               if (name := one.declarator.identifier) is not None)


def address_of(part: Part) -> Node | None:
    """The memory of which a term is the DMA address of the pool."""
    call = view.call(part.node)
    return call.args[0] if call is not None and len(call.args) == 1 and has(
        call.name, Trait.DMA_ADDRESS) else None


def counted(number: int, names: Counter[bytes]) -> Terms:
    """Terms of a sum."""
    return number, frozenset((name, count) for name, count in names.items() if count)


def plus(one: Terms, other: Terms, times: int = 1) -> Terms:
    """A sum of two sums, or their difference."""
    names = Counter(dict(one[1]))
    for name, count in other[1]:
        names[name] += times * count
    return counted(one[0] + times * other[0], names)


def term(scope: Scope, base: bytes, part: Part) -> bytes:
    """What a term is: a member of the record, or what that is set to, by its own name; b"" for
    what is not kept with the record."""
    node = part.node
    access = view.field(node)
    if access is not None and squeezed(access.base) == base:
        return HERE + access.name
    name = view.text(node)
    if node.type == "identifier" and not scope.is_local(name):
        return name if name.isupper() else b""
    if node.type == "sizeof_expression":
        return squeezed(node)
    beside = stored_as(scope, base, node)
    return HERE + beside if beside else b""


def terms(scope: Scope, base: bytes, number: int, parts: tuple[Part, ...]) -> Terms | None:
    """The terms of a sum; None where one is not kept with the record."""
    names: Counter[bytes] = Counter()
    for part in parts:
        name = term(scope, base, part)
        if not name:
            return None
        names[name] += -1 if part.less else 1
    return counted(number, names)


def kept(world: World, member: Member) -> Kept | Refused:
    """How a member of the driver keeps the address."""
    key = Key.of(member)
    found = list(uses(world, key))
    odd = hidden(world, key.name) or next(
        (one.where for one in found if one.written and (not one.known or one.value is None)), "")
    if odd:
        return Refused(Why.SYNC_WRITTEN, other=odd)
    writes = [one for one in found if one.written and one.value is not None]
    mapped = next((one for one in writes if is_mapped(one)), None)
    if mapped is not None:
        return Refused(Why.SYNC_OR_NOT, other=mapped.where)
    pools = [(one, split(one)) for one in writes]
    first = next(((one, split) for one, split in pools if split is not None), None)
    if first is None:
        return Refused(Why.SYNC_WRITTEN, other=writes[0].where) if writes else Refused(
            Why.SYNC_WRITTEN, other=f"{member.file}, or outside of this driver")
    name = _buffer(first[0], first[1][0])
    buffer = world.analysis.symbols.record(member.record, member.file) if name else None
    beside = buffer.members.get(name) if buffer is not None else None
    if beside is None or not is_memory(beside):
        return Refused(Why.SYNC_NOT_KEPT, other=first[0].where)
    return _judged(world, member, beside, found, pools)


def _judged(world: World, member: Member, beside: Member, found: list[Use],
            pools: list[tuple[Use, tuple[Node, Sum] | None]]) -> Kept | Refused:
    more: Terms | None = None
    others: set[int] = set()  # functions for another arm of the union that the buffer is in
    writes: list[Use] = []
    for one, split in pools:
        if split is None:
            if _is_clear(one, beside) or _is_copy(one, member, beside):
                continue
            if not _is_other_arm(one, beside):
                return Refused(Why.SYNC_WRITTEN, other=one.where)
            others.add(one.scope.node.start_byte)
            continue
        if _buffer(one, split[0]) != beside.name:
            return Refused(Why.SYNC_WRITTEN, other=one.where)
        here = terms(one.scope, one.base, split[1].number, split[1].parts)
        if here is None:
            return Refused(Why.SYNC_NOT_KEPT, other=one.where)
        if more is not None and here != more:
            return Refused(Why.SYNC_WRITTEN, other=one.where)
        more = here
        writes.append(one)
    if more is None:
        return Refused(Why.SYNC_WRITTEN, other=f"{member.file}, or outside of this driver")
    names = [beside.name, *(name[1:] for name, _ in more[1] if name.startswith(HERE))]
    for name in names:
        odd = _apart(world, member, name, beside.name)
        if odd:
            return Refused(Why.SYNC_WRITTEN, other=odd)
    return Kept(member, beside, more, tuple(writes),
                tuple(_given(found, writes, member, more, others)))


def is_memory(member: Member) -> bool:
    """Whether a member is a page, or a netmem."""
    return member.type.derivations in ((), ("p",)) and (
        member.type.base == REF or member.type.is_page)


def is_mapped(use: Use) -> bool:
    """Whether a value is of memory that the driver maps itself."""
    assert use.value is not None
    return any((call := view.call(part.node)) is not None and has(call.name, Trait.MAPS)
               for part in total(use.scope, use.value).parts)


def split(use: Use) -> tuple[Node, Sum] | None:
    """The memory of whose address a value is, and what else is added."""
    assert use.value is not None
    whole = total(use.scope, use.value)
    found = [(one, memory) for one in whole.parts if (memory := address_of(one)) is not None]
    if len(found) != 1 or found[0][0].less:
        return None
    rest = tuple(one for one in whole.parts if one is not found[0][0])
    return found[0][1], Sum(whole.number, rest)


def _buffer(use: Use, memory: Node) -> bytes:
    """The member beside an address that is set to the memory that the address is of."""
    access = view.field(memory)
    if access is not None and squeezed(access.base) == use.base:
        return access.name
    return stored_as(use.scope, use.base, memory)


def _sets(scope: Scope, base: bytes, name: bytes) -> list[Node]:
    """What a function sets a member of a record to."""
    found = []
    for one in view.stores(scope.node):
        access = view.field(one.target)
        if access is not None and access.name == name and squeezed(access.base) == base:
            found.append(one.value)
    return found


def is_none(node: Node) -> bool:
    return squeezed(node) in view.NULL


def _is_clear(use: Use, beside: Member) -> bool:
    """Whether both the address and the buffer are cleared."""
    assert use.value is not None
    return is_none(use.value) and any(
        is_none(one) for one in _sets(use.scope, use.base, beside.name))


def _is_copy(use: Use, member: Member, beside: Member) -> bool:
    """Whether both are those of one other record."""
    assert use.value is not None
    access = view.field(view.bare(use.value))
    if access is None or access.name != member.name:
        return False
    return any((other := view.field(view.bare(one))) is not None and other.name == beside.name
               and squeezed(other.base) == squeezed(access.base)
               for one in _sets(use.scope, use.base, beside.name))


def _is_other_arm(use: Use, beside: Member) -> bool:
    """Whether what shares its storage with the buffer is set, so that there is no buffer."""
    union = union_of(beside)
    return union is not None and any(
        (access := view.field(one.target)) is not None and squeezed(access.base) == use.base
        and access.name != beside.name and (other := use.scope.member(one.target)) is not None
        and union_of(other) == union for one in view.stores(use.scope.node))


def _apart(world: World, member: Member, name: bytes, buffer: bytes) -> str:
    """Where the buffer, or a term, is set without the address; "" where it is nowhere."""
    record = world.analysis.symbols.record(member.record, member.file)
    beside = record.members.get(name) if record is not None else None
    if beside is None:
        return f"{member.file}"
    for one in uses(world, Key.of(beside)):
        if not one.written:
            continue
        # The address of a member is given to what fills it: the store of the address tells.
        whole = one.value is not None or name != buffer
        with_it = bool(_sets(one.scope, one.base, member.name))
        cleared = any(is_none(other) for other in _sets(one.scope, one.base, buffer))
        none = one.value is not None and is_none(one.value) and name == buffer
        if not one.known or not whole or not (none or with_it or cleared):
            return one.where
    return hidden(world, name)


def _given(found: list[Use], writes: list[Use], member: Member, more: Terms,
           others: set[int]) -> list[tuple[Terms, str]]:
    """What the device is given, over the address of the buffer."""
    given: list[tuple[Terms, str]] = []
    scopes = {id(one.scope): one.scope for one in found if one.known
              and one.scope.node.start_byte not in others}
    bases = {id(one.scope): one.base for one in found}
    writing = {id(one.scope): one for one in writes}
    for key, scope in scopes.items():
        for call in view.calls(scope.node):
            if not goes_to_device(scope, call):
                continue
            for arg in call.args:
                here = _over(scope, arg, bases[key], member, more, writing.get(key))
                if here is not None:
                    given.append((here, scope.where(call.node)))
    return given


def goes_to_device(scope: Scope, call: view.Call) -> bool:
    """Whether what a call is given may go to the device: bytes in its order, or what a function
    does of which nothing is known."""
    return swaps(scope, call.name) or not (
        has(call.name, Trait.HARMLESS) or has(call.name, Trait.OWN_RECORDS)
        or has(call.name, Trait.GIVES_BACK) or has(call.name, Trait.DMA_ADDRESS))


def _over(scope: Scope, arg: Node, base: bytes, member: Member, more: Terms,
          write: Use | None) -> Terms | None:
    """What an expression is over the address of the buffer; None for one without it."""
    whole = total(scope, arg)
    for part in whole.parts:
        access = view.field(part.node)
        memory = address_of(part)
        rest = tuple(one for one in whole.parts if one is not part)
        held = scope.member(part.node) if access is not None else None
        if held is not None and Key.of(held) == Key.of(member) and access is not None:
            found = terms(scope, squeezed(access.base), whole.number, rest)
            return plus(found, more) if found is not None else UNKNOWN
        if memory is not None and write is not None and write.value is not None and any(
                (own := address_of(one)) is not None and said(scope, own) == said(scope, memory)
                for one in total(scope, write.value).parts):
            return terms(scope, base, whole.number, rest) or UNKNOWN
    return None
