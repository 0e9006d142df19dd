# SPDX-License-Identifier: GPL-2.0-only
"""A small typed view of tree-sitter's nodes: what a reader of kernel C asks of them, by name.

A view is None where the node is not of that kind, or not whole. Comments are nobody's operand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c.find import nodes


@dataclass(frozen=True, slots=True)
class Call:
    """A call: `name` is that of the function, b"" where an expression gives the function."""

    node: Node
    function: Node
    arguments: Node
    name: bytes
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A member access, `base.name` or `base->name`."""

    node: Node
    base: Node
    member: Node
    name: bytes
    arrow: bool


@dataclass(frozen=True, slots=True)
class Infix:
    """A binary expression or an assignment: two operands around an operator."""

    node: Node
    left: Node
    right: Node
    sign: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """A unary, pointer or update expression: one operand and an operator."""

    node: Node
    argument: Node
    sign: str


def text(node: Node) -> bytes:
    """The text of a node, as the parser saw it."""
    return node.text or b""


def children(node: Node) -> list[Node]:
    """The named children, without comments."""
    return [child for child in node.named_children if child.type != "comment"]


def bare(node: Node) -> Node:
    """The expression inside parentheses; casts stay."""
    while node.type == "parenthesized_expression":
        inside = children(node)
        if len(inside) != 1:
            return node
        node = inside[0]
    return node


def call(node: Node | None) -> Call | None:
    """A node as a call."""
    if node is None or node.type != "call_expression":
        return None
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return None
    name = text(function) if function.type == "identifier" else b""
    return Call(node, function, arguments, name, tuple(children(arguments)))


def calls(root: Node) -> Iterator[Call]:
    """Every call below a node, in order of the file."""
    for node in nodes(root, "call_expression"):
        found = call(node)
        if found is not None:
            yield found


def field(node: Node | None) -> Field | None:
    """A node as a member access."""
    if node is None or node.type != "field_expression":
        return None
    base, member = node.child_by_field_name("argument"), node.child_by_field_name("field")
    if base is None or member is None:
        return None
    arrow = any(child.type == "->" for child in node.children)
    return Field(node, base, member, text(member), arrow)


def infix(node: Node | None) -> Infix | None:
    """A node as a binary expression or an assignment."""
    if node is None or node.type not in ("binary_expression", "assignment_expression"):
        return None
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    if left is None or right is None or operator is None:
        return None
    return Infix(node, left, right, operator.type)


def prefix(node: Node | None) -> Prefix | None:
    """A node as a unary, pointer or update expression."""
    if node is None or node.type not in ("unary_expression", "pointer_expression",
                                         "update_expression"):
        return None
    argument, operator = node.child_by_field_name("argument"), node.child_by_field_name("operator")
    if argument is None or operator is None:
        return None
    return Prefix(node, argument, operator.type)


def declared(node: Node | None) -> Node | None:
    """The identifier that a declarator declares."""
    while node is not None and node.type not in ("identifier", "field_identifier",
                                                 "type_identifier"):
        node = node.child_by_field_name("declarator") or next(
            (child for child in node.named_children
             if child.type.endswith(("declarator", "identifier"))), None)
    return node


def function_around(node: Node) -> Node | None:
    """The function definition that a node stands in."""
    above: Node | None = node
    while above is not None and above.type != "function_definition":
        above = above.parent
    return above
