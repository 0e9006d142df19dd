# SPDX-License-Identifier: GPL-2.0-only
"""Where the address of a frag is kept: a member of a record, as it is spelled at a place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.sync.scopes import Scope, stripped
from netmem_migrate.model.spelled import KEEPS_ADDRESS, KEPT_ADDRESS

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.c.types import Type

Key = tuple[str, bytes]
"""The record and the name of a member."""

_NAME = re.compile(rb"(?<![\w.])(?<!->)[A-Za-z_]\w*")
_INDEX = re.compile(rb"\[([^\[\]]*)\]")
_SIMPLE = re.compile(rb"[\w.\[\]>-]+(?:\(.*\))?|\d+")


@dataclass(frozen=True, slots=True)
class Slot:
    """A member of what an expression gives: `base->name`, or `base.name`; an element of it, where
    there is an index. `macro`: it is spelled with the macros that may leave the member out."""

    key: Key
    base: bytes
    arrow: bool
    index: bytes = b""
    macro: bool = False

    @property
    def text(self) -> bytes:
        """What is the same for the same slot, as long as none of its names is set."""
        return b"".join((self.pointer + b"->" + self.member).split())

    @property
    def pointer(self) -> bytes:
        """The address of the record."""
        return self.base if self.arrow else b"&" + self.base

    @property
    def member(self) -> bytes:
        """The member, with its index."""
        return self.key[1] + self.index

    @property
    def spelled(self) -> bytes:
        """It as a value."""
        if self.macro:
            return b"%b(%b, %b)" % (KEPT_ADDRESS[0].encode(), self.pointer, self.member)
        return self.base + (b"->" if self.arrow else b".") + self.member

    @property
    def names(self) -> frozenset[bytes]:
        """The variables that it is found by."""
        return frozenset(_NAME.findall(self.base + b" " + self.index))

    def given(self, values: Mapping[bytes, bytes]) -> Slot:
        """It with other expressions in the place of its names."""
        base, index = (_NAME.sub(lambda one: _bracketed(values.get(one[0], one[0])), text)
                       for text in (self.base, self.index))
        if self.arrow and base.startswith(b"(&") and base.endswith(b")"):
            return replace(self, base=base[2:-1], index=index, arrow=False)
        return replace(self, base=base, index=index)


def is_counted(text: bytes) -> bool:
    """Whether what is found by an index is found by one that is a member."""
    return any(b"->" in one or b"." in one for one in _INDEX.findall(text))


def _bracketed(text: bytes) -> bytes:
    return text if _SIMPLE.fullmatch(text) else b"(" + text + b")"


def spelled(node: Node) -> bytes:
    """The text of a node in one line."""
    return b" ".join(view.text(node).split())


def slot(scope: Scope, node: Node) -> Slot | None:
    """The slot that an expression is of: a member, an element of one, or a macro's read of it."""
    node = stripped(scope, node)
    call = view.call(node)
    if call is not None:
        name = call.name.decode("latin-1")
        return given(scope, *call.args) if name in KEPT_ADDRESS and len(call.args) == 2 else None
    index = b""
    while node.type == "subscript_expression":
        inner, at = view.operand(node), view.index(node)
        if inner is None or at is None:
            return None
        index = b"[" + spelled(at) + b"]" + index
        node = view.bare(inner)
    access = view.field(node)
    if access is None:
        return None
    type_ = scope.type_of(access.base)
    if type_ is not None and access.arrow:
        type_ = type_.target() if type_.derivations else None
    record = _record(scope, type_)
    return Slot((record, access.name), spelled(access.base), access.arrow, index) \
        if record else None


def local(node: Node) -> bytes | None:
    """The variable that a value is put into where it stands; None for anything else."""
    node = view.outer(node)
    around = node.parent
    if around is not None and around.type == "init_declarator":
        name = view.declared(around) if view.value(around) == node else None
        return view.text(name) if name is not None else None
    pair = view.infix(around)
    if pair is not None and pair.sign == "=" and pair.right == node and \
            pair.left.type == "identifier":
        return view.text(pair.left)
    return None


def given(scope: Scope, pointer: Node, name: Node) -> Slot | None:
    """The slot that a macro is given by a pointer and a member."""
    type_ = scope.type_of(pointer)
    record = _record(scope, type_.target() if type_ is not None and type_.derivations else None)
    if not record:
        return None
    text = spelled(name)
    member, bracket, index = text.partition(b"[")
    base, arrow = spelled(pointer), True
    bare = view.bare(pointer)
    inner = view.operand(bare)
    if bare.type == "pointer_expression" and bare.children[0].type == "&" and inner is not None:
        base, arrow = spelled(inner), False
    return Slot((record, member.strip()), base, arrow, bracket + index, macro=True)


def kept(scope: Scope, call: view.Call) -> tuple[Slot | None, Node, Node | None] | None:
    """What a macro that keeps an address keeps: the slot, the value, and the memory that it is of
    where it is given that; None for any other call."""
    at = KEEPS_ADDRESS.get(call.name.decode("latin-1"))
    if at is None or len(call.args) != at + 3:
        return None
    return (given(scope, call.args[at], call.args[at + 1]), call.args[at + 2],
            call.args[0] if at else None)


def _record(scope: Scope, type_: Type | None) -> str:
    return scope.world.analysis.symbols.resolve(type_).base if type_ is not None else ""


def names(node: Node) -> frozenset[bytes]:
    """The names of variables and functions in an expression."""
    return frozenset(view.text(one) for one in nodes(node, "identifier"))
