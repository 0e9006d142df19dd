# SPDX-License-Identifier: GPL-2.0-only
"""What is known of values on a way through a function: whether one is an error, zero, or the
address of a frag that has none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.cfg import Item, transparent
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.tx import REASONS, Fails

_NUMBER = re.compile(rb"(0[xX][0-9a-fA-F]+|\d+)[uUlL]*")
_COMPARES = ("==", "!=", "<", ">", "<=", ">=")


class Value(StrEnum):
    """What a value is known to be."""

    NEGATIVE = "negative"
    ZERO = "zero"
    NONZERO = "nonzero"
    ABSENT = "absent"  # zero, where the address of a frag would be


_NAMED = "="
"""How a value begins that is a constant, and is known by the name of that."""

OF: Mapping[Fails, Value] = {Fails.NEGATIVE: Value.NEGATIVE, Fails.REASON: Value.NONZERO,
                             Fails.NULL: Value.ZERO, Fails.FALSE: Value.ZERO}
"""What a function gives that fails."""
_NULL = (Value.ZERO, Value.ABSENT)
# By sign: whether it holds of a value and zero.
_HOLDS: Mapping[str, Mapping[str, bool]] = {
    "==": {Value.NEGATIVE: False, Value.ZERO: True, Value.ABSENT: True, Value.NONZERO: False},
    "!=": {Value.NEGATIVE: True, Value.ZERO: False, Value.ABSENT: False, Value.NONZERO: True},
    "<": {Value.NEGATIVE: True, Value.ZERO: False},
    ">": {Value.NEGATIVE: False, Value.ZERO: False},
    "<=": {Value.NEGATIVE: True, Value.ZERO: True},
    ">=": {Value.NEGATIVE: False, Value.ZERO: True},
}
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at a place: of locals by name, of an expression by its place; and whether it is
    taken that the frags of packets are not for the CPU. `enums` say of which one a constant is, if
    each of that has another value."""

    names: Mapping[bytes, str] = field(default_factory=dict)
    nodes: Mapping[tuple[int, int], str] = field(default_factory=dict)
    unreadable: bool = True
    enums: Mapping[str, int] = field(default_factory=dict)

    def without(self, name: bytes) -> Known:
        """The same, with nothing known of a local."""
        if name not in self.names:
            return self
        return replace(self, names={
            one: value for one, value in self.names.items() if one != name})

    def having(self, name: bytes, value: str | None) -> Known:
        """The same, with a local set."""
        if value is None:
            return self.without(name)
        return replace(self, names={**self.names, name: value})

    @property
    def key(self) -> tuple[tuple[bytes, str], ...]:
        """What tells it from another on the same way."""
        return tuple(sorted(self.names.items()))


def span(node: Node) -> tuple[int, int]:
    """The place of an expression in its file."""
    return node.start_byte, node.end_byte


def value_of(node: Node, known: Known, choices: Mapping[int, bool] | None = None) -> str | None:
    """What is known of an expression. `choices` says which arm each `?:` takes."""
    node = _stripped(node)
    if span(node) in known.nodes:
        return known.nodes[span(node)]
    if node.type == "identifier":
        return known.names.get(view.text(node), _literal(node))
    if node.type in ("number_literal", "null", "true", "false"):
        return _literal(node)
    if node.type == "conditional_expression":
        return _chosen(node, known, choices or {})
    pair = view.infix(node)
    if pair is not None and node.type == "assignment_expression":
        return value_of(pair.right, known, choices) if pair.sign == "=" else None
    sign = view.prefix(node)
    if sign is not None and sign.sign == "-":
        return Value.NEGATIVE if _literal(view.bare(sign.argument)) is not Value.ZERO and (
            view.text(view.bare(sign.argument)).isupper() or
            view.bare(sign.argument).type == "number_literal") else None
    truth = truth_of(node, known, choices) if node.type in (
        "binary_expression", "unary_expression", "call_expression") else None
    return None if truth is None else Value.NONZERO if truth else Value.ZERO


def truth_of(node: Node, known: Known,
             choices: Mapping[int, bool] | None = None) -> bool | None:
    """Whether an expression is true, as far as that is known."""
    node = _stripped(node)
    if span(node) in known.nodes and not known.nodes[span(node)].startswith(_NAMED):
        return known.nodes[span(node)] not in _NULL
    sign, pair, call = view.prefix(node), view.infix(node), view.call(node)
    if sign is not None and sign.sign == "!":
        truth = truth_of(sign.argument, known, choices)
        return None if truth is None else not truth
    if pair is not None and pair.sign in _COMPARES:
        return _compared(pair, known, choices)
    if pair is not None and pair.sign in ("&&", "||"):
        sides = [truth_of(one, known, choices) for one in (pair.left, pair.right)]
        stops = pair.sign == "||"
        return stops if stops in sides else None if None in sides else not stops
    if call is not None:
        if known.unreadable and has(call.name, Trait.TELLS_READABLE):
            return False
        return True if known.unreadable and has(call.name, Trait.TELLS_UNREADABLE) else None
    if node.type in ("binary_expression", "unary_expression"):
        return None
    value = value_of(node, known, choices)
    return None if value is None or value.startswith(_NAMED) else value not in _NULL


def _compared(pair: view.Infix, known: Known, choices: Mapping[int, bool] | None) -> bool | None:
    for one, other, sign in ((pair.left, pair.right, pair.sign),
                             (pair.right, pair.left, _TURNED.get(pair.sign, pair.sign))):
        if _literal(view.bare(other)) is Value.ZERO:
            value = value_of(one, known, choices)
            return _HOLDS[sign].get(value) if value is not None else None
    left, right = (value_of(one, known, choices) or "" for one in (pair.left, pair.right))
    if pair.sign in ("==", "!=") and left.startswith(_NAMED) and right.startswith(_NAMED):
        if left == right:
            return pair.sign == "=="
        enums = {known.enums.get(one[len(_NAMED):]) for one in (left, right)}
        return pair.sign == "!=" if len(enums) == 1 and None not in enums else None
    return None


def _chosen(node: Node, known: Known, choices: Mapping[int, bool]) -> str | None:
    branch = view.branch(node)
    if branch is None or branch.otherwise is None:
        return None
    if branch.then is None:  # a ?: b
        return None
    if node.start_byte in choices:
        arm = branch.then if choices[node.start_byte] else branch.otherwise
        return value_of(arm, known, choices)
    both = {value_of(one, known, choices) for one in (branch.then, branch.otherwise)}
    return both.pop() if len(both) == 1 else None


def _literal(node: Node) -> str | None:
    text = view.text(node)
    if text[:1] == b"-" and _NUMBER.fullmatch(text[1:]) and text.strip(b"-0uUlL"):
        return Value.NEGATIVE
    found = _NUMBER.fullmatch(text)
    if text in (b"NULL", b"false") or (found and not int(found[1], 16 if text[:2] in (
            b"0x", b"0X") else 10)):
        return Value.ZERO
    if found or text == b"true" or text.startswith(REASONS):
        return Value.NONZERO
    constant = node.type == "identifier" and text.isupper()
    return _NAMED + text.decode("latin-1") if constant else None


def _stripped(node: Node) -> Node:
    """An expression without parentheses, likely() and the like, and casts."""
    while True:
        node = transparent(node)
        inner = view.value(node) if node.type == "cast_expression" else None
        if inner is None:
            return node
        node = inner


def after(item: Item, known: Known) -> Known:
    """What is known behind an expression or a declaration."""
    choices = dict(item.choices)
    values: list[tuple[int, bytes, str | None]] = [
        (one.node.end_byte, view.text(one.target), value_of(one.value, known, choices))
        for one in view.stores(item.node) if one.target.type == "identifier"]
    if item.node.type == "declaration":
        values += [(one.end_byte, view.text(own), None)
                   for one in item.node.children_by_field_name("declarator")
                   if one.type != "init_declarator" and (own := view.declared(one)) is not None]
    for node in changing(item.node):
        target = view.changed(node)
        if target is not None and target.type == "identifier":
            values.append((node.end_byte, view.text(target), None))
    for _, name, value in sorted(values, key=lambda one: one[0]):
        known = known.having(name, value)
    return known


def changing(root: Node) -> list[Node]:
    """What changes a local otherwise than by setting it: `+=`, `++`, and whoever has its
    address."""
    found = []
    for node in nodes(root, "assignment_expression", "update_expression", "pointer_expression"):
        pair = view.infix(node)
        if pair is not None and pair.sign == "=":
            continue
        if node.type == "pointer_expression" and node.children[0].type != "&":
            continue
        found.append(node)
    return found
