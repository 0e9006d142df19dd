# SPDX-License-Identifier: GPL-2.0-only
"""A small typed view of tree-sitter's nodes: what a reader of kernel C asks of them, by name.

Views are tuples, since so many are made. One is None where the node is not of that kind, or not
whole. Comments are nobody's operand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from netmem_migrate.c.above import above
from netmem_migrate.c.find import nodes, remembered

NULL = (b"NULL", b"0")
"""How no pointer is spelled."""


class Call(NamedTuple):
    """A call: `name` is that of the function, b"" where an expression gives the function."""

    node: Node
    function: Node
    arguments: Node
    name: bytes
    args: tuple[Node, ...]


class Field(NamedTuple):
    """A member access, `base.name` or `base->name`."""

    node: Node
    base: Node
    member: Node
    name: bytes
    arrow: bool


class Infix(NamedTuple):
    """A binary expression or an assignment: two operands around an operator."""

    node: Node
    left: Node
    right: Node
    sign: str


class Prefix(NamedTuple):
    """A unary, pointer or update expression: one operand and an operator."""

    node: Node
    argument: Node
    sign: str


class Branch(NamedTuple):
    """An `if`, or a `?:`: `then` is None in `a ?: b`, `otherwise` where there is no `else`."""

    node: Node
    test: Node
    then: Node | None
    otherwise: Node | None


class Loop(NamedTuple):
    """A `while`, `do`, `for` or `switch`; `first` and `update` are those of a `for`."""

    node: Node
    test: Node | None
    body: Node | None
    first: Node | None
    update: Node | None


class Store(NamedTuple):
    """A value put somewhere, by `=` or by an initialiser."""

    node: Node
    target: Node
    value: Node


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


def outer(node: Node) -> Node:
    """An expression with the parentheses around it."""
    while node.parent is not None and node.parent.type == "parenthesized_expression":
        node = node.parent
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
    return iter(_calls(root))


@remembered
def _calls(root: Node) -> tuple[Call, ...]:
    return tuple(found for node in nodes(root, "call_expression")
                 if (found := call(node)) is not None)


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


def branch(node: Node | None) -> Branch | None:
    """A node as an `if` statement or a conditional expression."""
    if node is None or node.type not in ("if_statement", "conditional_expression"):
        return None
    test = node.child_by_field_name("condition")
    if test is None:
        return None
    return Branch(node, test, node.child_by_field_name("consequence"),
                  node.child_by_field_name("alternative"))


def loop(node: Node | None) -> Loop | None:
    """A node as a loop or a switch: what is run again, or jumped into, by a test."""
    if node is None or node.type not in ("while_statement", "do_statement", "for_statement",
                                         "switch_statement"):
        return None
    test, body, first, update = (node.child_by_field_name(name) for name in (
        "condition", "body", "initializer", "update"))
    return Loop(node, test, body, first, update)


def label(node: Node) -> Node | None:
    """The name that a goto, or a labelled statement, has."""
    return node.child_by_field_name("label")


def value(node: Node) -> Node | None:
    """What a cast, an initialiser or a case is of."""
    return node.child_by_field_name("value")


def type_of(node: Node) -> Node | None:
    """The type that a declaration, a parameter or a function begins with."""
    return node.child_by_field_name("type")


def operand(node: Node) -> Node | None:
    """What a member access, a subscript, or a prefix is of."""
    return node.child_by_field_name("argument")


def index(node: Node) -> Node | None:
    """The index of a subscript."""
    return node.child_by_field_name("index")


def stores(root: Node) -> Iterator[Store]:
    """Every `a = b` below a node, then every initialiser of a declaration; in order each."""
    for node in nodes(root, "assignment_expression"):
        found = infix(node)
        if found is not None and found.sign == "=":
            yield Store(node, found.left, found.right)
    for node in nodes(root, "init_declarator"):
        target, given = node.child_by_field_name("declarator"), value(node)
        while target is not None and target.type == "pointer_declarator":
            target = target.child_by_field_name("declarator")
        if target is not None and given is not None and target.type == "identifier":
            yield Store(node, target, given)


def changed(node: Node) -> Node | None:
    """What an assignment, `++` or `--` sets, or `&` gives the address of; of an array, that."""
    target = node.child_by_field_name("left") or operand(node)
    while target is not None and target.type in ("parenthesized_expression",
                                                 "subscript_expression"):
        target = (operand(target) if target.type == "subscript_expression"
                  else next(iter(children(target)), None))
    return target


def behind(node: Node) -> Node | None:
    """What stands behind a node, but for comments."""
    found = node.next_named_sibling
    while found is not None and found.type == "comment":
        found = found.next_named_sibling
    return found


def assigned(statement: Node | None) -> Infix | None:
    """A statement as one that does nothing but `left = right;`."""
    inside = children(statement) if statement is not None and \
        statement.type == "expression_statement" else []
    found = infix(inside[0]) if inside else None
    return found if found is not None and found.sign == "=" else None


def declared(node: Node | None) -> Node | None:
    """The identifier that a declarator declares."""
    while node is not None and node.type not in ("identifier", "field_identifier",
                                                 "type_identifier"):
        node = node.child_by_field_name("declarator") or next(
            (child for child in node.named_children
             if child.type.endswith(("declarator", "identifier"))), None)
    return node


def parameters(function: Node) -> tuple[Node, ...]:
    """The parameters of a definition or prototype."""
    declarator = function.child_by_field_name("declarator")
    while declarator is not None and declarator.type == "pointer_declarator":
        declarator = declarator.child_by_field_name("declarator")
    given = declarator.child_by_field_name("parameters") if declarator is not None else None
    return tuple(children(given)) if given is not None else ()


def designated(pair: Node) -> tuple[bytes, Node] | None:
    """The member that an initialiser names, and its value; None for any other."""
    name, given = pair.child_by_field_name("designator"), value(pair)
    if pair.type != "initializer_pair" or name is None or given is None or \
            name.type != "field_designator":
        return None
    return text(name).lstrip(b".").strip(), given


def is_null(node: Node) -> bool:
    """Whether an expression is NULL as a pointer is set to it, in parentheses or not."""
    return text(bare(node)) in NULL


def function_around(root: Node, node: Node) -> Node | None:
    """The function definition that a node below a root stands in, or is."""
    return next((one for one in (node, *above(root, node)) if one.type == "function_definition"),
                None)
