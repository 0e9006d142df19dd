# SPDX-License-Identifier: GPL-2.0-only
"""What an expression does to places that can hold memory, as a short list of operations.

A place is the text of an lvalue without blanks: `page`, `buf->page`, `ring->buf[i].page`. Two
places of different text may be the same memory; whoever follows them must not rely on the contrary.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tree_sitter import Node

from netmem_migrate.check.paths.cfg import TRANSPARENT, Item, inner

_WORD = re.compile(r"[A-Za-z_]\w*")
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
    """The place that an lvalue names, "" for one with a call in it."""
    node = inner(node)
    if node.type == "cast_expression":
        value = node.child_by_field_name("value")
        return place(value) if value is not None else ""
    if node.type not in ("identifier", "field_expression", "subscript_expression",
                         "pointer_expression"):
        return ""
    text = b"".join((node.text or b"").split()).decode("latin-1")
    return "" if "(" in text or "++" in text or "--" in text or text[0] == "&" else text


@cache
def words(name: str) -> frozenset[str]:
    """The identifiers in the text of a place."""
    return frozenset(_WORD.findall(name))


@cache
def member(name: str) -> str:
    """The last member of a place, "" if it is no member."""
    for mark in ("->", "."):
        name = name.replace(mark, "\0")
    return name.rsplit("\0", 1)[1].split("[")[0] if "\0" in name else ""


def operations(item: Item) -> tuple[Op, ...]:
    """What one item of a block does, in order."""
    reader = _Reader(dict(item.choices))
    if item.macro_loop:
        for name in sorted(words((item.node.text or b"").decode("latin-1"))):
            reader.ops.append(Op("kill", item.node, name))
    elif item.node.type == "declaration":
        reader.declaration(item.node)
    elif item.node.type == "return_statement":
        given = [c for c in item.node.named_children if c.type != "comment"]
        value = reader.value(given[0]) if given else OTHER
        reader.ops.append(Op("return", item.node, operands=(value,)))
    else:
        reader.value(item.node)
    return tuple(reader.ops)


class _Reader:
    def __init__(self, choices: dict[int, bool]) -> None:
        self.ops: list[Op] = []
        self.choices = choices

    def declaration(self, node: Node) -> None:
        for one in node.children_by_field_name("declarator"):
            value = one.child_by_field_name("value") if one.type == "init_declarator" else None
            name = _declared(one)
            if not name:
                continue
            operand = self.value(value) if value is not None else None
            if operand is None or (value is not None and value.type == "initializer_list"):
                self.ops.append(Op("kill", one, name))
            else:
                self.ops.append(Op("assign", one, name, (operand,)))

    def value(self, node: Node) -> Operand:
        """Read an expression; what it evaluates to."""
        node = inner(node)
        kind = node.type
        if kind in _NOT_EVALUATED:
            return OTHER
        if kind in ("number_literal", "null", "true", "false"):
            text = (node.text or b"").decode("latin-1")
            return NULL if text in ("NULL", "false") or _LITERAL.fullmatch(text) else NONZERO
        if kind == "identifier":
            text = (node.text or b"").decode("latin-1")
            return NULL if text == "NULL" else Operand("place", text)
        if kind == "call_expression":
            return self.call(node)
        if kind == "assignment_expression":
            return self.assignment(node)
        if kind == "update_expression":
            argument = node.child_by_field_name("argument")
            if argument is not None:
                self.value(argument)
                if name := place(argument):
                    self.ops.append(Op("kill", node, name))
            return OTHER
        if kind in ("field_expression", "subscript_expression"):
            return self.lvalue(node)
        if kind == "pointer_expression":
            argument = node.child_by_field_name("argument")
            if argument is not None and (node.text or b"")[:1] == b"&":
                self.lvalue(argument)
                return Operand("address", place(argument))
            return self.lvalue(node)
        if kind == "cast_expression":
            argument = node.child_by_field_name("value")
            return self.value(argument) if argument is not None else OTHER
        if kind == "unary_expression":
            argument = node.child_by_field_name("argument")
            value = self.value(argument) if argument is not None else OTHER
            operator = node.child_by_field_name("operator")
            constant = value == NONZERO or (value.kind == "place" and value.key.isupper())
            return NONZERO if constant and operator is not None and operator.text == b"-" else OTHER
        if kind == "binary_expression":
            return self.binary(node)
        if kind == "conditional_expression":
            return self.conditional(node)
        if kind == "comma_expression":
            value = OTHER
            for child in node.named_children:
                value = self.value(child)
            return value
        for child in node.named_children:
            if child.type == "initializer_pair":
                given = child.child_by_field_name("value")
                if given is None:
                    continue
                child = given
            elif child.type == "declaration":
                self.declaration(child)
                continue
            self.escape(child)
        return OTHER

    def escape(self, node: Node) -> None:
        value = self.value(node)
        if value.kind in ("place", "result", "address"):
            self.ops.append(Op("escape", node, operands=(value,)))

    def lvalue(self, node: Node) -> Operand:
        """Read a place, not what it holds; pointers on the way are used."""
        node = inner(node)
        if node.type == "identifier":
            return Operand("place", (node.text or b"").decode("latin-1"))
        argument = node.child_by_field_name("argument")
        if argument is not None:
            base = self.value(argument) if _through(node) else self.lvalue(argument)
            if _through(node) and base.kind in ("place", "result"):
                self.ops.append(Op("use", node, operands=(base,)))
        if node.type == "subscript_expression":
            index = node.child_by_field_name("index")
            if index is not None:
                self.value(index)
        elif node.type not in ("field_expression", "pointer_expression"):
            return self.value(node)
        name = place(node)
        return Operand("place", name) if name else OTHER

    def assignment(self, node: Node) -> Operand:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None:
            return OTHER
        value = self.value(right)
        self.lvalue(left)
        name = place(left)
        if operator is not None and operator.text != b"=":
            if name:
                moves = operator.text in (b"+=", b"-=")
                self.ops.append(Op("move" if moves else "kill", node, name))
            return OTHER
        self.ops.append(Op("assign", node, name, (value,)))
        return Operand("place", name) if name else value

    def binary(self, node: Node) -> Operand:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        values = [self.value(side) for side in (left, right) if side is not None]
        sign = operator.text if operator is not None else b""
        if sign in (b"+", b"-"):
            for one in values:
                if one.kind in ("place", "result"):
                    return Operand(one.kind, one.key, computed=True)
        if sign in (b"|", b"&", b"^", b"<<", b">>"):
            for one in values:
                if one.kind in ("place", "result"):
                    self.ops.append(Op("escape", node, operands=(one,)))
        return OTHER

    def conditional(self, node: Node) -> Operand:
        arms = {True: node.child_by_field_name("consequence"),
                False: node.child_by_field_name("alternative")}
        chosen = self.choices.get(node.start_byte)
        if chosen is not None:
            arm = arms[chosen] or node.child_by_field_name("condition")
            return self.value(arm) if arm is not None else OTHER
        test = node.child_by_field_name("condition")
        if test is not None:
            self.value(test)
        for arm in arms.values():
            if arm is not None:
                self.escape(arm)
        return OTHER

    def call(self, node: Node) -> Operand:
        function, given = (node.child_by_field_name("function"),
                           node.child_by_field_name("arguments"))
        name = ""
        if function is not None and function.type == "identifier":
            name = (function.text or b"").decode("latin-1")
        elif function is not None:
            self.value(function)
        children = [c for c in given.named_children if c.type != "comment"] if given else []
        values = [self.value(child) for child in children]
        if name.encode() in TRANSPARENT and values:
            return values[0]
        if name == "WRITE_ONCE" and len(values) == 2:
            self.ops.append(Op("assign", node, place(children[0]), (values[1],)))
            return OTHER
        result = f"{name}@{node.start_byte}"
        self.ops.append(Op("call", node, name, tuple(values),
                           tuple(one.key for one in values if one.kind == "address" and one.key),
                           result))
        return Operand("result", result)


def _through(node: Node) -> bool:
    """Does reading this place go through a pointer: `a->b`, `a[i]`, `*a`?"""
    if node.type == "field_expression":
        operator = node.child_by_field_name("operator")
        return operator is not None and operator.text == b"->"
    return node.type in ("subscript_expression", "pointer_expression")


def _declared(node: Node) -> str:
    found: Node | None = node
    while found is not None and found.type != "identifier":
        found = found.child_by_field_name("declarator") or next(
            (c for c in found.named_children if c.type.endswith("declarator")
             or c.type == "identifier"), None)
    return (found.text or b"").decode("latin-1") if found is not None else ""
