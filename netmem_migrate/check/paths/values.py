# SPDX-License-Identifier: GPL-2.0-only
"""What an expression does to places that can hold memory, as a short list of operations.

A place is the text of an lvalue without blanks: `page`, `buf->page`, `ring->buf[i].page`. Two
places of different text may be the same memory; whoever follows them must not rely on the contrary.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.steps import Step, Steps, run
from netmem_migrate.c.words import TEXT_WORD
from netmem_migrate.flow.cfg import Item
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

_TEXTS = 1 << 14  # places of the largest driver; what is asked again stands close together
# Bytes of a place. With a longer one, each of `a->b->c` would be as many texts as it has members.
_LONGEST = 1 << 14
_NOT_EVALUATED = ("sizeof_expression", "alignof_expression", "offsetof_expression",
                  "string_literal", "concatenated_string", "char_literal", "type_descriptor",
                  "comment")
_LITERAL = re.compile(r"0[xX]0+|0+[uUlL]*")


@dataclass(frozen=True, slots=True)
class Operand:
    """A value: what a place holds, the result of an operation, or a constant.

    `kind` is place | result | null | other; `key` names the place or numbers the result.
    `computed` says that it is an address made from the place's value.
    """

    kind: str
    key: str = ""
    computed: bool = False


OTHER = Operand("other")
NULL = Operand("null")
NONZERO = Operand("other", "nonzero")


@dataclass(frozen=True, slots=True)
class Op:
    """One operation: call | assign | kill | move | escape | use | return.

    A place that is moved holds another address of the same memory. `name` is the function called
    or the place written. `operands` are the arguments, or the one value. `addresses` are places
    whose address a call gets; `result` numbers what a call gives.
    """

    kind: str
    node: Node
    name: str = ""
    operands: tuple[Operand, ...] = ()
    addresses: tuple[str, ...] = ()
    result: str = ""


def place(node: Node) -> str:
    """The place that an lvalue names, "" for one with a call in it, or too long a text."""
    node = view.bare(node)
    while node.type == "cast_expression" and (value := view.value(node)) is not None:
        node = view.bare(value)
    if node.type not in ("identifier", "field_expression", "subscript_expression",
                         "pointer_expression") or node.end_byte - node.start_byte > _LONGEST:
        return ""
    text = b"".join(view.text(node).split()).decode("latin-1")
    return "" if "(" in text or "++" in text or "--" in text or text[0] == "&" else text


@lru_cache(maxsize=_TEXTS)
def words(name: str) -> frozenset[str]:
    """The identifiers in the text of a place."""
    return frozenset(TEXT_WORD.findall(name))


@lru_cache(maxsize=_TEXTS)
def member(name: str) -> str:
    """The last member of a place, "" if it is no member."""
    for mark in ("->", "."):
        name = name.replace(mark, "\0")
    return name.rsplit("\0", 1)[1].split("[")[0] if "\0" in name else ""


def operations(item: Item) -> tuple[Op, ...]:
    """What one item of a block does, in order."""
    reader = _Reader(dict(item.choices))
    if item.macro_loop:
        for name in sorted(words(_said(item.node))):
            reader.ops.append(Op("kill", item.node, name))
    elif item.node.type == "declaration":
        declared: Step[None] = reader.declaration(item.node)
        run(declared)
    elif item.node.type == "return_statement":
        given = view.children(item.node)
        value = run(reader.value(given[0])) if given else OTHER
        reader.ops.append(Op("return", item.node, operands=(value,)))
    else:
        run(reader.value(item.node))
    return tuple(reader.ops)


class _Reader:
    """Reads one item. Operands come before what is done with them, as they are evaluated."""

    def __init__(self, choices: dict[int, bool]) -> None:
        self.ops: list[Op] = []
        self.choices = choices

    def declaration(self, node: Node) -> Steps[None]:
        for one in node.children_by_field_name("declarator"):
            value = view.value(one) if one.type == "init_declarator" else None
            declared = view.declared(one)
            if declared is None or declared.type != "identifier":
                continue
            name = _said(declared)
            operand: Operand | None = None
            if value is not None:
                operand = yield self.value(value)
            if operand is None or (value is not None and value.type == "initializer_list"):
                self.ops.append(Op("kill", one, name))
            else:
                self.ops.append(Op("assign", one, name, (operand,)))

    def value(self, node: Node) -> Step[Operand]:
        """Read an expression; what it evaluates to."""
        node = view.bare(node)
        return _READ.get(node.type, _Reader.parts)(self, node)

    def parts(self, node: Node) -> Steps[Operand]:
        """An expression without a meaning of its own here: what is in it goes out of sight."""
        for child in view.children(node):
            if child.type == "declaration":
                yield self.declaration(child)
                continue
            given = view.value(child) if child.type == "initializer_pair" else child
            if given is not None:
                yield self.escape(given)
        return OTHER

    def escape(self, node: Node) -> Steps[None]:
        value: Operand = yield self.value(node)
        if value.kind in ("place", "result", "address"):
            self.ops.append(Op("escape", node, operands=(value,)))

    def nothing(self, _: Node) -> Operand:
        """What is not evaluated."""
        return OTHER

    def literal(self, node: Node) -> Operand:
        text = _said(node)
        return NULL if text in ("NULL", "false") or _LITERAL.fullmatch(text) else NONZERO

    def identifier(self, node: Node) -> Operand:
        text = _said(node)
        return NULL if text == "NULL" else Operand("place", text)

    def lvalue(self, node: Node) -> Step[Operand]:
        """Read a place, not what it holds; pointers on the way are used."""
        node = view.bare(node)
        if node.type == "identifier":
            return Operand("place", _said(node))
        return self.reach(node)

    def reach(self, node: Node) -> Steps[Operand]:
        argument = view.operand(node)
        if argument is not None:
            inner = self.value if _through(node) else self.lvalue
            base: Operand = yield inner(argument)
            if _through(node) and base.kind in ("place", "result"):
                self.ops.append(Op("use", node, operands=(base,)))
        if node.type == "subscript_expression":
            index = view.index(node)
            if index is not None:
                yield self.value(index)
        elif node.type not in ("field_expression", "pointer_expression"):
            value: Operand = yield self.value(node)
            return value
        name = place(node)
        return Operand("place", name) if name else OTHER

    def pointer(self, node: Node) -> Steps[Operand]:
        one = view.prefix(node)
        if one is not None and one.sign == "&":
            yield self.lvalue(one.argument)
            return Operand("address", place(one.argument))
        value: Operand = yield self.lvalue(node)
        return value

    def update(self, node: Node) -> Steps[Operand]:
        one = view.prefix(node)
        if one is not None:
            yield self.value(one.argument)
            if name := place(one.argument):
                self.ops.append(Op("kill", node, name))
        return OTHER

    def unary(self, node: Node) -> Steps[Operand]:
        one = view.prefix(node)
        if one is None:
            return OTHER
        value: Operand = yield self.value(one.argument)
        # -ENOMEM: a name in capitals is a constant, and an error code is never 0.
        constant = value == NONZERO or (value.kind == "place" and value.key.isupper())
        return NONZERO if constant and one.sign == "-" else OTHER

    def cast(self, node: Node) -> Steps[Operand]:
        argument = view.value(node)
        if argument is None:
            return OTHER
        value: Operand = yield self.value(argument)
        return value

    def comma(self, node: Node) -> Steps[Operand]:
        value = OTHER
        for child in view.children(node):
            value = yield self.value(child)
        return value

    def assignment(self, node: Node) -> Steps[Operand]:
        one = view.infix(node)
        if one is None:
            return OTHER
        value: Operand = yield self.value(one.right)
        yield self.lvalue(one.left)
        name = place(one.left)
        if one.sign != "=":
            if name:
                moves = one.sign in ("+=", "-=")
                self.ops.append(Op("move" if moves else "kill", node, name))
            return OTHER
        self.ops.append(Op("assign", node, name, (value,)))
        return Operand("place", name) if name else value

    def binary(self, node: Node) -> Steps[Operand]:
        one = view.infix(node)
        if one is None:
            return OTHER
        left: Operand = yield self.value(one.left)
        right: Operand = yield self.value(one.right)
        values = (left, right)
        if one.sign in ("+", "-"):
            for value in values:
                if value.kind in ("place", "result"):
                    return Operand(value.kind, value.key, computed=True)
        if one.sign in ("|", "&", "^", "<<", ">>"):
            # Bits of an address are kept in another number: what becomes of it is not followed.
            for value in values:
                if value.kind in ("place", "result"):
                    self.ops.append(Op("escape", node, operands=(value,)))
        return OTHER

    def conditional(self, node: Node) -> Steps[Operand]:
        one = view.branch(node)
        if one is None:
            return OTHER
        chosen = self.choices.get(node.start_byte)
        if chosen is not None:
            arm = (one.then if chosen else one.otherwise) or one.test
            value: Operand = yield self.value(arm)
            return value
        yield self.value(one.test)
        for other in (one.then, one.otherwise):
            if other is not None:
                yield self.escape(other)
        return OTHER

    def call(self, node: Node) -> Steps[Operand]:
        one = view.call(node)
        if one is None:
            return OTHER
        if not one.name:
            yield self.value(one.function)
        values: list[Operand] = []
        for child in one.args:
            value: Operand = yield self.value(child)
            values.append(value)
        if has(one.name, Trait.GIVES_BACK) and values:
            return values[0]
        if has(one.name, Trait.STORES) and len(values) == 2:
            self.ops.append(Op("assign", node, place(one.args[0]), (values[1],)))
            return OTHER
        name = one.name.decode("latin-1")
        result = f"{name}@{node.start_byte}"
        self.ops.append(Op("call", node, name, tuple(values),
                           tuple(given.key for given in values
                                 if given.kind == "address" and given.key),
                           result))
        return Operand("result", result)


_READ: dict[str, Callable[[_Reader, Node], Step[Operand]]] = {
    **dict.fromkeys(_NOT_EVALUATED, _Reader.nothing),
    **dict.fromkeys(("number_literal", "null", "true", "false"), _Reader.literal),
    "identifier": _Reader.identifier,
    "call_expression": _Reader.call,
    "assignment_expression": _Reader.assignment,
    "update_expression": _Reader.update,
    "field_expression": _Reader.lvalue,
    "subscript_expression": _Reader.lvalue,
    "pointer_expression": _Reader.pointer,
    "cast_expression": _Reader.cast,
    "unary_expression": _Reader.unary,
    "binary_expression": _Reader.binary,
    "conditional_expression": _Reader.conditional,
    "comma_expression": _Reader.comma,
}


def _through(node: Node) -> bool:
    """Does reading this place go through a pointer: `a->b`, `a[i]`, `*a`?"""
    member_ = view.field(node)
    if member_ is not None:
        return member_.arrow
    return node.type in ("subscript_expression", "pointer_expression")


def _said(node: Node) -> str:
    return view.text(node).decode("latin-1")
