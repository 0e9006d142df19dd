# SPDX-License-Identifier: GPL-2.0-only
"""Every use of what keeps the address of a frag, and what each is for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.flow.sync.members import union_of
from netmem_migrate.flow.sync.scopes import Scope, World, swaps
from netmem_migrate.flow.tx.slots import Key, Slot, kept, local, slot
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import (
    DECLARES_ADDRESS,
    DMA_ADDRESS,
    FRAG_MAPS,
    FROM_DEVICE,
    KEPT_ADDRESS,
    PAGE_UNMAPS,
    SETS_NETMEM,
    UNMAPS_NETMEM,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_ADDRESS = 1  # the argument of an unmap
_MAPS = re.compile(rb"\b(?:%b)\s*\(" % b"|".join(one.encode() for one in FRAG_MAPS))


class Role(Enum):
    """What a slot is used for."""

    STORED = auto()  # set to a plain value
    SET = auto()  # set with the helper that asks what the memory is
    UNMAPPED = auto()  # unmapped, by a call that takes an address for a page's
    HELPED = auto()  # unmapped with the helper
    TESTED = auto()  # asked whether there is an address
    READ = auto()  # read for anything else
    LENT = auto()  # its own address is taken, or it is changed by more than a store


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a slot: `value` is what it is set to, `frag` the memory that the helper is given,
    `call` the unmap, or the call that sets it, `test` what it is asked in."""

    scope: Scope
    node: Node
    slot: Slot
    role: Role
    value: Node | None = None
    frag: Node | None = None
    call: view.Call | None = None
    test: Node | None = None

    @property
    def where(self) -> str:
        """The place."""
        return self.scope.where(self.node)

    @property
    def by_page(self) -> bool:
        """Whether it is unmapped as a page, and not as what the CPU's address was mapped for."""
        return self.call is not None and b"page" in self.call.name


def unmaps(scope: Scope) -> Iterator[view.Call]:
    """The unmaps of a function, with the helper and without."""
    for call in view.calls(scope.node):
        if len(call.args) > _ADDRESS and (has(call.name, Trait.UNMAPS) or is_helper(call)):
            yield call


def is_helper(call: view.Call) -> bool:
    """Whether it unmaps only what has an address."""
    return call.name.decode("latin-1") in UNMAPS_NETMEM


def unmapped(scope: Scope, call: view.Call) -> Slot | None:
    """The slot of which an unmap is given the address, through a local, too."""
    return next((found for one in _values(scope, call)
                 if (found := slot(scope, one)) is not None), None)


def of_device(scope: Scope, call: view.Call) -> bool:
    """Whether an unmap is given an address from what is in the byte order of the device."""
    return any(is_swapped(scope, one) for one in _values(scope, call))


def _values(scope: Scope, call: view.Call) -> list[Node]:
    node = view.bare(call.args[_ADDRESS])
    sets = scope.sets.get(view.text(node), ()) if node.type == "identifier" else ()
    return [node, *(value for _, value in sets if value is not None)]


def is_swapped(scope: Scope, node: Node) -> bool:
    """Whether an expression is in another byte order than what it is made of."""
    return any(swaps(scope, call.name) for call in view.calls(node))


def uses(scope: Scope, wanted: frozenset[Key]) -> Iterator[Use]:
    """The uses of some slots in a function, in order of the file."""
    if not any(name in view.text(scope.node) for _, name in wanted):
        return
    found = [*_kept(scope), *_read(scope)]
    for one in sorted(found, key=lambda one: one.node.start_byte):
        if one.slot.key in wanted:
            yield one


def _kept(scope: Scope) -> Iterator[Use]:
    for call in view.calls(scope.node):
        held = kept(scope, call)
        if held is not None and held[0] is not None:
            yield Use(scope, call.node, held[0], Role.STORED if held[2] is None else Role.SET,
                      held[1], held[2], call)


def _read(scope: Scope) -> Iterator[Use]:
    for node in nodes(scope.node, "field_expression", "call_expression"):
        call = view.call(node)
        if call is not None and call.name.decode("latin-1") not in KEPT_ADDRESS:
            continue
        whole = _whole(node)
        found = slot(scope, whole)
        if found is not None and not _is_own(scope, whole, found):
            yield _use(scope, whole, found)


def _whole(node: Node) -> Node:
    """A member with the subscripts behind it."""
    node = view.outer(node)
    while node.parent is not None and node.parent.type == "subscript_expression" and \
            view.operand(node.parent) == node:
        node = view.outer(node.parent)
    return node


def _use(scope: Scope, node: Node, found: Slot) -> Use:
    around = node.parent
    pair = view.infix(around)
    if around is None:
        return Use(scope, node, found, Role.LENT)
    if around.type == "assignment_expression" and pair is not None and pair.left == node:
        value = pair.right if pair.sign == "=" else None
        return Use(scope, node, found, Role.STORED if value is not None else Role.LENT, value)
    if around.type == "update_expression" or (
            around.type == "pointer_expression" and around.children[0].type == "&"):
        return Use(scope, node, found, Role.LENT)
    call = _unmap(scope, node)
    if call is not None:
        role = Role.HELPED if is_helper(call) else Role.UNMAPPED
        return Use(scope, node, found, role, call=call)
    test = _test(node)
    if test is not None:
        return Use(scope, node, found, Role.TESTED, test=test)
    return Use(scope, node, found, Role.READ)


def _is_own(scope: Scope, node: Node, found: Slot) -> bool:
    """Whether a slot is read to be given to the macro that sets it."""
    around = node.parent
    call = view.call(around.parent) if around is not None and \
        around.type == "argument_list" else None
    held = kept(scope, call) if call is not None else None
    return held is not None and held[0] is not None and held[0].text == found.text


def _unmap(scope: Scope, node: Node, depth: int = 0) -> view.Call | None:
    """The unmap that an address is read for, through a local that is for nothing else, too."""
    outer = view.outer(node)
    if outer.parent is not None and outer.parent.type == "cast_expression":
        outer = view.outer(outer.parent)
    around = outer.parent
    if around is None:
        return None
    if around.type == "argument_list":
        call = view.call(around.parent)
        given = call is not None and len(call.args) > _ADDRESS and \
            call.args[_ADDRESS] == outer
        return call if call is not None and given and (
            has(call.name, Trait.UNMAPS) or is_helper(call)) else None
    name = local(outer)
    # What a local was loaded with before the helper set the slot is not what that holds now.
    if name is None or depth or len(scope.sets.get(name, ())) != 1 or \
            SETS_NETMEM.encode() in view.text(scope.node):
        return None
    calls = [_unmap(scope, one, depth + 1) for one in nodes(scope.node, "identifier")
             if view.text(one) == name and not _is_target(one)]
    known = [one for one in calls if one is not None]
    return known[0] if known and len({one.name for one in known}) == 1 and \
        len(known) == len(calls) else None


def _is_target(node: Node) -> bool:
    """Whether a name is declared, or set, where it stands."""
    around = node.parent
    if around is None or around.type.endswith("declarator") or around.type == "declaration":
        return around is None or around.type != "init_declarator" or view.value(around) != node
    pair = view.infix(around)
    return around.type == "assignment_expression" and pair is not None and pair.left == node


def _test(node: Node) -> Node | None:
    """The `if` that asks whether there is an address, and does nothing without."""
    node = view.outer(node)
    around = node.parent
    while around is not None:
        if around.type == "argument_list":
            outer = view.call(around.parent)
            if outer is None or not has(outer.name, Trait.GIVES_BACK):
                return None
            node = view.outer(outer.node)
        elif around.type in ("binary_expression", "unary_expression"):
            if not _asks(around, node):
                return None
            node = view.outer(around)
        elif around.type == "if_statement":
            branch = view.branch(around)
            return around if branch is not None and view.bare(branch.test) == view.bare(node) \
                else None
        else:
            return None
        around = node.parent
    return None


def _asks(around: Node, node: Node) -> bool:
    """Whether an expression is false where there is no address: `a && b`, `a != 0`."""
    pair = view.infix(around)
    return pair is not None and (pair.sign == "&&" or (
        pair.sign == "!=" and any(view.is_null(one) for one in (pair.left, pair.right)
                                  if view.bare(one) != view.bare(node))))


@dataclass(frozen=True, slots=True)
class Unmap:
    """An unmap of a driver, and the slot of which it is given the address, None for no such."""

    scope: Scope
    call: view.Call
    slot: Slot | None

    @property
    def by_page(self) -> bool:
        """Whether it is one of a page."""
        return b"page" in self.call.name

    @property
    def may_be_sent(self) -> bool:
        """Whether it may be of a page that the device reads."""
        return self.by_page and not _is_received(self.call)


def every_unmap(world: World) -> Iterator[Unmap]:
    """The unmaps of a driver, with the helper and without."""
    for scope in world.scopes(b"unmap"):
        for call in unmaps(scope):
            yield Unmap(scope, call, unmapped(scope, call))


def _is_received(call: view.Call) -> bool:
    return any(view.text(arg) == FROM_DEVICE.encode() for arg in call.args)


def untold(world: World) -> Iterator[Unmap]:
    """The unmaps of pages that may be of a frag which is sent, and of which no slot is known."""
    stored: dict[Key, bool] = {}
    for one in every_unmap(world):
        if not one.may_be_sent:
            continue
        if one.slot is not None and one.slot.key not in stored:
            stored[one.slot.key] = _is_stored(world, one.slot)
        known = one.slot is not None and stored[one.slot.key] and not of_device(
            one.scope, one.call)
        if not known and not _is_given_others(world, one.scope, one.call):
            yield one


def _is_stored(world: World, found: Slot) -> bool:
    """Whether a slot is set anywhere by its own name."""
    return any(one.role in (Role.STORED, Role.SET) for scope in world.scopes(found.key[1])
               for one in uses(scope, frozenset({found.key})))


def _is_given_others(world: World, scope: Scope, call: view.Call) -> bool:
    """Whether an unmap is of what a function is given, and each call of that gives it what is kept
    in a slot; that is then read there."""
    name = view.text(view.bare(call.args[_ADDRESS]))
    if name not in scope.parameters or not scope.stays(name):
        return False
    at = scope.parameters.index(name)
    given = [(other, one) for other in world.scopes(scope.function.name)
             for one in view.calls(other.node) if one.name == scope.function.name]
    return bool(given) and all(
        _is_received(one) or (
            len(one.args) > at and slot(other, one.args[at]) is not None)
        for other, one in given)


def is_address(world: World, key: Key, file: str) -> bool:
    """Whether a member is the driver's own note of an address: by its type, or by the macro that
    declares it."""
    record = world.analysis.symbols.record(key[0], file)
    member = record.members.get(key[1]) if record is not None else None
    return member is None or (union_of(member) is None and member.declarator.type.base in (
        DMA_ADDRESS, DECLARES_ADDRESS))


def unread(world: World, key: Key) -> str:
    """Where a member of this name may be used in what is not read as code of a function: a macro,
    what cannot be parsed, or what has no type that is known; "" for nowhere."""
    name = re.escape(key[1])
    word = re.compile(rb"(?:->|\.)\s*%b\b" % name)
    given = re.compile(rb"\b(?:%b)\b|\baddr(?:_set)?\s*\([^()]*,\s*%b\b" % (
        b"|".join(one.encode() for one in (*PAGE_UNMAPS, *FRAG_MAPS)), name))
    for macros in world.analysis.symbols.macros.values():
        for one in macros:
            if word.search(one.body) or given.search(one.body):
                return f"{one.file}:{one.line}"
    for scope in world.scopes(key[1]):
        for node in nodes(scope.node, "field_expression"):
            access = view.field(node)
            if access is not None and access.name == key[1] and \
                    scope.type_of(access.base) is None and not _is_foreign(scope, access.base):
                return scope.where(node)
    scopes = list(world.scopes(key[1], *(one.encode() for one in FRAG_MAPS)))
    for file in world.analysis.driver.files:
        code = code_of(world.analysis.originals.get(file, b""))
        mine = [one.node for one in scopes if one.file == file]
        broken = [one for one in mine if one.has_error]
        for match in sorted((*word.finditer(code), *_MAPS.finditer(code)),
                            key=lambda one: one.start()):
            inside = [one for one in mine if one.start_byte <= match.start() < one.end_byte]
            if inside and not any(one in broken for one in inside):
                continue
            line = code.count(b"\n", 0, match.start()) + 1
            if inside or not _is_designator(code, match.start()):
                return f"{file}:{line}"
    return ""


def _is_foreign(scope: Scope, node: Node) -> bool:
    """Whether something is found in a record that no file of the driver defines."""
    symbols = scope.world.analysis.symbols
    inner: Node | None = node
    while inner is not None:
        type_ = scope.type_of(inner)
        if type_ is not None:
            base = symbols.resolve(type_).base
            return base.startswith(("struct ", "union ")) and base not in symbols.records
        inner = view.operand(view.bare(inner))
    return False


def _is_designator(code: bytes, start: int) -> bool:
    """Whether a dot begins the name of a member in an initialiser."""
    before = code[:start].rstrip()[-1:]
    return code[start:start + 1] == b"." and before in (b"{", b",")
