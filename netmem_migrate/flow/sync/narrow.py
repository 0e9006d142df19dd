# SPDX-License-Identifier: GPL-2.0-only
"""What passes through 32 bits without a sign."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.flow.sync.scopes import Scope, number, squeezed
from netmem_migrate.model.spelled import UNSIGNED

if TYPE_CHECKING:
    from tree_sitter import Node

BITS = 32
_GENMASK = re.compile(rb"GENMASK\((\d+),\d+\)")


def is_masked(scope: Scope, call: Node, node: Node) -> bool:
    """Whether a number is what it was set to last, right before, and that has a mask."""
    node = view.bare(node)
    before = [(where, value) for where, value in scope.sets.get(view.text(node), ())
              if where.start_byte < call.start_byte]
    if node.type == "identifier" and before:
        where, value = before[-1]
        if value is None or not within(call, block(where)):
            return False
        node = view.bare(value)
    pair = view.infix(node)
    return pair is not None and pair.sign == "&" and any(
        _is_mask(scope, one) for one in (pair.left, pair.right))


def is_unsigned(scope: Scope, node: Node) -> bool:
    """Whether a number has no sign, and at most 32 bits, or is a size."""
    node = view.bare(node)
    if node.type == "sizeof_expression":
        return True
    if node.type == "cast_expression":
        type_ = view.type_of(node)
        return type_ is not None and b" ".join(view.text(type_).split()).decode() in UNSIGNED
    found = scope.type_of(node)
    return found is not None and not found.derivations and found.base in UNSIGNED


def _is_mask(scope: Scope, node: Node) -> bool:
    """Whether a constant has no bit that makes an int negative."""
    text = squeezed(node)
    for macro in scope.world.analysis.symbols.macros.get(text, ())[:1]:
        text = b"".join(macro.body.split())
    top = _GENMASK.fullmatch(text)
    value = number(text.strip(b"()"))
    return (top is not None and int(top[1]) < BITS - 1) or (
        value is not None and 0 <= value < 1 << (BITS - 1))


def block(node: Node) -> Node:
    """The block that a node stands in."""
    found = node
    while found.parent is not None and found.type != "compound_statement":
        found = found.parent
    return found


def within(node: Node, around: Node) -> bool:
    """Whether a node begins inside another."""
    return around.start_byte <= node.start_byte < around.end_byte
