# SPDX-License-Identifier: GPL-2.0-only
"""The uses of one member of a record, all over a driver."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.types import Member
from netmem_migrate.flow.sync.scopes import Scope, World, squeezed, stripped

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Key:
    """A member by where it is declared: one of an anonymous struct has no better name."""

    file: str
    start: int
    name: bytes

    @classmethod
    def of(cls, member: Member) -> Key:
        """The key of a member."""
        return cls(member.file, member.declaration.start_byte, member.name)


def union_of(member: Member) -> Node | None:
    """The union of which a member is an arm by itself."""
    around = member.declaration.parent
    around = around.parent if around is not None else None
    return around if around is not None and around.type == "union_specifier" else None


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a member: `known` says that it is of that record for certain, `written` that it is
    set there, to `value` where that is a plain store."""

    scope: Scope
    node: Node
    known: bool
    written: bool
    value: Node | None

    @property
    def base(self) -> bytes:
        """What the member is of, as it is spelled."""
        return base_of(self.node)

    @property
    def where(self) -> str:
        """The place."""
        return self.scope.where(self.node)


def base_of(node: Node) -> bytes:
    """What a member access, or an element of one, is of, as it is spelled."""
    while node.type == "subscript_expression" and (inner := view.operand(node)) is not None:
        node = inner
    access = view.field(node)
    return squeezed(access.base) if access is not None else b""


def uses(world: World, key: Key) -> Iterator[Use]:
    """The uses of a member, and those of members of the same name of what has no known type."""
    for scope in world.scopes(key.name):
        for node in nodes(scope.node, "field_expression"):
            access = view.field(node)
            if access is None or access.name != key.name:
                continue
            member = scope.member(node)
            if (member is not None and Key.of(member) != key) or (
                    member is None and _is_other(scope, access.base)):
                continue
            written, value = _set(scope, node)
            yield Use(scope, node, member is not None, written, value)


def _is_other(scope: Scope, base: Node) -> bool:
    """Whether something is known to be a record that no file of the driver defines."""
    type_ = scope.type_of(base)
    symbols = scope.world.analysis.symbols
    tag = symbols.resolve(type_).base if type_ is not None else ""
    return tag.startswith(("struct ", "union ")) and tag not in symbols.records


def _set(scope: Scope, node: Node) -> tuple[bool, Node | None]:
    """Whether a member is set where it is used, and to what where that is a plain store."""
    whole = view.outer(node)
    while whole.parent is not None and whole.parent.type == "subscript_expression" and \
            view.operand(whole.parent) == whole:
        whole = view.outer(whole.parent)
    around = whole.parent
    pair = view.infix(around)
    if around is None:
        return False, None
    if around.type == "assignment_expression" and pair is not None and pair.left == whole:
        return True, pair.right if pair.sign == "=" else None
    if around.type == "update_expression":
        return True, None
    return around.type == "pointer_expression" and around.children[0].type == "&", None


def hidden(world: World, name: bytes) -> str:
    """Where a macro, or an initialiser, sets a member of a name; "" where none does."""
    sets = re.compile(rb"(?:->|\.)\s*%b\s*(?:=(?!=)|\+\+|--|[-+|&^]=)" % re.escape(name))
    symbols = world.analysis.symbols
    for macros in symbols.macros.values():
        for one in macros:
            if sets.search(one.body):
                return f"{one.file}:{one.line}"
    return ""


def stored_as(scope: Scope, base: bytes, value: Node) -> bytes:
    """The member of the same record that a function sets to the same value; b"" where none is."""
    wanted = said(scope, value)
    for one in view.stores(scope.node):
        access = view.field(one.target)
        if access is not None and squeezed(access.base) == base and \
                said(scope, one.value) == wanted and not _moves(scope, value, one.value):
            return access.name
    return b""


def _moves(scope: Scope, one: Node, other: Node) -> bool:
    """Whether a local of an expression is set between two places where it stands."""
    start, end = sorted((one.start_byte, other.start_byte))
    return any(start < where.start_byte < end for name in nodes(one, "identifier")
               for where, _ in scope.sets.get(view.text(name), ()))


def said(scope: Scope, node: Node) -> bytes:
    """An expression by what it is, through a local that is set once to a member."""
    node = stripped(scope, node)
    value = scope.once(node)
    if value is not None and stripped(scope, value).type == "field_expression":
        return squeezed(stripped(scope, value))
    return squeezed(node)
