# SPDX-License-Identifier: GPL-2.0-only
"""Locals that nothing uses once some calls are gone: their declarations and stores, as edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import pairwise
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.words import WORD
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

if TYPE_CHECKING:
    from tree_sitter import Node

Gone = tuple[int, int, bytes]
_ACTS = ("assignment_expression", "update_expression")


def unused(source: bytes, function: Node, calls: Mapping[Node, bytes],
           swaps: Set[bytes] = frozenset()) -> list[Gone]:
    """What goes with calls in whose places others are: (start, end, what is left there), in order;
    `swaps` are names of macros that only swap bytes."""
    inside = {view.text(one) for call in calls for one in nodes(call, "identifier")}
    inside -= {word for text in calls.values() for word in WORD.findall(text)}
    gone: list[Gone] = []
    for name in sorted(inside):
        for variable in _variables(function, name):
            gone += _whole(source, variable, list(calls), swaps) or ()
    gone.sort()
    apart = all(one[1] <= other[0] for one, other in pairwise(gone))
    return gone if apart else []


def _variables(function: Node, name: bytes) -> list[list[Node]]:
    """Where each variable of a name stands: one that two blocks declare is two."""
    named = [one for one in nodes(function, "identifier") if view.text(one) == name]
    blocks = [block for one in named if (block := _block(one)) is not None]
    if len(blocks) < 2:
        return [named]
    found: dict[int, list[Node]] = {}
    for one in named:
        around = [block.start_byte for block in blocks
                  if block.start_byte <= one.start_byte < block.end_byte]
        found.setdefault(max(around, default=-1), []).append(one)
    return list(found.values())


def _block(name: Node) -> Node | None:
    """The block in which a declaration declares a name; None for any other use of it."""
    node: Node = name
    while node.parent is not None and node.parent.type in (
            "init_declarator", "pointer_declarator", "array_declarator"):
        if node.parent.child_by_field_name("declarator") != node:
            return None
        node = node.parent
    around = node.parent
    return around.parent if around is not None and around.type == "declaration" and \
        node in around.children_by_field_name("declarator") else None


def _whole(source: bytes, variable: Sequence[Node], calls: Sequence[Node],
           swaps: Set[bytes]) -> list[Gone] | None:
    """All of a local, None where no call uses it, or anything else does, or what it is set to does
    something."""
    left = [one for one in variable
            if not any(call.start_byte <= one.start_byte < call.end_byte for call in calls)]
    if len(left) == len(variable):
        return None
    found: list[Gone] = []
    declared = 0
    for one in left:
        part = _declaration(source, one, swaps)
        if part is not None:
            declared += 1
        else:
            part = _store(source, one, swaps)
        if part is None:
            return None
        found.append(part)
    return found if declared == 1 else None


def _declaration(source: bytes, name: Node, swaps: Set[bytes]) -> Gone | None:
    """The line of a declaration of one name alone."""
    node: Node | None = name
    while node is not None and node.type in ("identifier", "init_declarator",
                                             "pointer_declarator"):
        if node.type == "init_declarator":
            value = view.value(node)
            if value is None or value.start_byte <= name.start_byte or not is_plain(
                    value, swaps):
                return None
        node = node.parent
    if node is None or node.type != "declaration" or \
            len(node.children_by_field_name("declarator")) != 1:
        return None
    return whole_line(source, node)


def _store(source: bytes, name: Node, swaps: Set[bytes]) -> Gone | None:
    """The line of a statement that only sets the name, or adds to it."""
    pair = view.infix(name.parent)
    statement = pair.node.parent if pair is not None else None
    if pair is None or statement is None or pair.sign not in ("=", "+=") or pair.left != name or \
            statement.type != "expression_statement" or not is_plain(pair.right, swaps) or \
            statement.parent is None or statement.parent.type != "compound_statement":
        return None
    return whole_line(source, statement)


def is_plain(value: Node, swaps: Set[bytes]) -> bool:
    """Whether an expression has no effect, and is the same wherever it stands."""
    return not nodes(value, *_ACTS) and value.type not in _ACTS and all(
        does_nothing(call.name) or call.name in swaps for call in view.calls(value))


def does_nothing(name: bytes) -> bool:
    """Whether a function of the kernel has no effect, and gives a number that a sync needs."""
    return has(name, Trait.GIVES_DIRECTION) or has(name, Trait.DMA_ADDRESS) or has(
        name, Trait.SWAPS_BYTES)


def whole_line(source: bytes, node: Node) -> Gone | None:
    """The whole lines of a node that has them for itself, with an empty one that would be left
    between two others."""
    start = source.rfind(b"\n", 0, node.start_byte) + 1
    end = source.find(b"\n", node.end_byte) + 1
    if source[start:node.start_byte].strip() or source[node.end_byte:end].strip() or not end:
        return None
    before = source[:start].rstrip(b" \t")
    opens = before.endswith((b"\n\n", b"{\n"))
    if opens and source[end:].startswith(b"\n"):
        end += 1
    return start, end, b""

