# SPDX-License-Identifier: GPL-2.0-only
"""An address that is taken of a buffer right before it is synced: no member keeps it.

    a = D(B->buffer);
    a += more;
    sync(a)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.sync.kept import (
    UNKNOWN,
    Kept,
    Refused,
    Terms,
    address_of,
    goes_to_device,
    is_memory,
    terms,
)
from netmem_migrate.flow.sync.members import Key, uses
from netmem_migrate.flow.sync.scopes import (
    DEPTH,
    Part,
    Scope,
    Sum,
    World,
    squeezed,
    stripped,
    total,
)
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import DMA_ADDRESS
from netmem_migrate.reasons import Why

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Taken:
    """The memory whose address is synced, as it is spelled there, the member that holds it, and
    what is added to its address; `kept` says it as of an address that is kept."""

    memory: Node
    access: Node
    extra: Sum
    kept: Kept


def taken(world: World, scope: Scope, call: view.Call, address: Node,
          offset: Node | None) -> Taken | Refused | None:
    """What an address is of that is taken right before it is synced; None for any other."""
    run = _Run(scope, call.node)
    whole = run.total(address)
    found = [(one, memory) for one in whole.parts if (memory := address_of(one)) is not None]
    if not found:
        return _earlier(scope, whole)
    if len(found) != 1 or found[0][0].less:
        return None
    if run.narrow is not None:
        return Refused(Why.SYNC_CUT, other=scope.where(run.narrow))
    part, memory = found[0]
    more = Sum(0, ()) if offset is None else run.total(offset)
    extra = Sum(whole.number + more.number,
                (*(one for one in whole.parts if one is not part), *more.parts))
    return _of(world, scope, memory, extra)


def _earlier(scope: Scope, whole: Sum) -> Refused | None:
    """Why not, where a local has an address that is taken anywhere in the function."""
    for part in whole.parts:
        for _, value in scope.sets.get(part.text, ()):
            if part.text not in scope.parameters and value is not None and any(
                    address_of(one) is not None
                    for one in total(scope, value, depth=DEPTH).parts):
                return Refused(Why.SYNC_TAKEN, other=scope.where(value))
    return None


def _of(world: World, scope: Scope, memory: Node, extra: Sum) -> Taken | Refused:
    where = scope.where(memory)
    value = scope.once(memory)
    access = stripped(scope, value) if value is not None else stripped(scope, memory)
    field, member = view.field(access), scope.member(access)
    if field is None or member is None or not is_memory(member):
        return Refused(Why.SYNC_NOT_KEPT, other=where)
    over = terms(scope, squeezed(field.base), extra.number, extra.parts)
    if over is None or any(scope.is_local(one.text) for one in extra.parts):
        return Refused(Why.SYNC_NOT_KEPT, other=where)
    kept = Kept(member, member, over, (), tuple(_given(world, Key.of(member))))
    return Taken(memory, access, extra, kept)


def _given(world: World, key: Key) -> list[tuple[Terms, str]]:
    """What the device is given, over the address of a buffer that a member holds."""
    given: list[tuple[Terms, str]] = []
    scopes = {id(one.scope): one.scope for one in uses(world, key) if one.known}
    for scope in scopes.values():
        for call in view.calls(scope.node):
            if not goes_to_device(scope, call) or has(call.name, Trait.RAW_SYNC) or has(
                    call.name, Trait.SYNCS_DEVICE):
                continue
            given += [(here, scope.where(call.node)) for arg in call.args
                      if (here := _over(scope, arg, key)) is not None]
    return given


def _over(scope: Scope, arg: Node, key: Key) -> Terms | None:
    """What an expression is over the address of a buffer; None for one without it."""
    whole = total(scope, arg)
    for part in whole.parts:
        memory = address_of(part)
        held = scope.member(memory) if memory is not None else None
        access = view.field(memory)
        if held is not None and access is not None and Key.of(held) == key:
            rest = tuple(one for one in whole.parts if one is not part)
            return terms(scope, squeezed(access.base), whole.number, rest) or UNKNOWN
    return None


class _Run:
    """What locals are that are set one after the other, right before a call."""

    def __init__(self, scope: Scope, call: Node) -> None:
        self._scope = scope
        self._known: dict[bytes, Sum] = {}
        self.narrow: Node | None = None
        for one in _before(scope, call):
            self._step(*one)

    def _step(self, name: Node, sign: str, value: Node) -> None:
        target = view.text(name)
        old, new = self._known.get(target), self.total(value)
        self._known = {one: whole for one, whole in self._known.items()
                       if one != target and not _uses(whole, target)}
        if sign != "=":
            new = Sum(old.number + new.number, (*old.parts, *new.parts)) if old is not None \
                else Sum(0, (Part(name, False, True),))
        if not _uses(new, target):
            self._known[target] = new

    def total(self, node: Node) -> Sum:
        """An expression as a sum, with what is known of the locals in it."""
        whole = total(self._scope, node, depth=DEPTH)
        number, parts = whole.number, list[Part]()
        for part in whole.parts:
            known = self._known.get(part.text) if part.node.type == "identifier" else None
            if known is None or part.less:
                parts.append(part)
                continue
            if not _is_wide(self._scope, part.node) and any(
                    address_of(one) is not None for one in known.parts):
                self.narrow = part.node
            number += known.number
            parts += known.parts
        return Sum(number, tuple(parts))


def _uses(whole: Sum, name: bytes) -> bool:
    return any(view.text(one) == name for part in whole.parts
               for one in nodes(part.node, "identifier"))


def _is_wide(scope: Scope, name: Node) -> bool:
    type_ = scope.typed.of(name)
    return type_ is not None and type_.base == DMA_ADDRESS and not type_.derivations


def _before(scope: Scope, call: Node) -> list[tuple[Node, str, Node]]:
    """The locals that are set right before a statement, with nothing else in between, in order."""
    found: list[tuple[Node, str, Node]] = []
    statement = view.outer(call).parent
    around = statement.parent if statement is not None else None
    one = statement.prev_named_sibling if statement is not None and around is not None and \
        statement.type == "expression_statement" and around.type == "compound_statement" else None
    while one is not None:
        if one.type != "comment" and not _is_bare(one):
            step = _step(scope, one)
            if step is None:
                break
            found.append(step)
        one = one.prev_named_sibling
    return found[::-1]


def _is_bare(statement: Node) -> bool:
    """Whether a declaration sets nothing."""
    return statement.type == "declaration" and not nodes(statement, "init_declarator")


def _step(scope: Scope, statement: Node) -> tuple[Node, str, Node] | None:
    """A statement that sets a local, and does nothing else: the local, how, and to what."""
    inside = view.children(statement)
    if statement.type == "declaration":
        declared = [one for one in inside if one.type == "init_declarator"]
        name = view.declared(declared[0]) if declared else None
        value = view.value(declared[0]) if declared else None
        alone = len(statement.children_by_field_name("declarator")) == 1
        sign = "=" if alone else ""
    else:
        pair = view.infix(inside[0]) if statement.type == "expression_statement" and inside \
            else None
        name, sign, value = (pair.left, pair.sign, pair.right) if pair is not None \
            else (None, "", None)
    if name is None or value is None or name.type != "identifier" or sign not in ("=", "+=") or \
            not _is_read(value) or not scope.is_local(view.text(name)):
        return None
    lent = any(where.type == "pointer_expression"
               for where, _ in scope.sets.get(view.text(name), ()))
    return None if lent else (name, sign, value)


def _is_read(value: Node) -> bool:
    """Whether an expression does nothing but read."""
    return not nodes(value, "assignment_expression", "update_expression") and value.type not in (
        "assignment_expression", "update_expression", "initializer_list") and all(
            has(call.name, Trait.GIVES_DIRECTION) or has(call.name, Trait.DMA_ADDRESS)
            for call in view.calls(value))
