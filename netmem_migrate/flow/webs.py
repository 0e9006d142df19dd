# SPDX-License-Identifier: GPL-2.0-only
"""Locals that hold one thing after another: each with the uses of what was set there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes

_LABELS = ("labeled_statement", "case_statement")
_LOOPS = ("while_statement", "for_statement", "do_statement")


@dataclass(frozen=True, slots=True)
class Web:
    """A statement that sets a local, and the names of the local that mean what is set there; the
    one that is set is the first."""

    statement: Node
    names: tuple[Node, ...]


def webs(function: Node, names: Sequence[Node]) -> tuple[Web, ...] | None:
    """The webs of a local, in order of the source; `names` are all of its names in the function but
    the declared one.

    None where it cannot be told what a use means: where not each use has, in front of it in its
    own block or one around it, a statement that sets the local, with nothing between that could set
    it otherwise.
    """
    sets: dict[int, Node] = {}
    for name in names:
        statement = _sets(name)
        if statement is not None:
            sets[name.id] = statement
    found = {statement.id: [name] for name in names
             if (statement := sets.get(name.id)) is not None}
    statements = {statement.id: statement for statement in sets.values()}
    starts = sorted(statement.start_byte for statement in statements.values())
    labels = [one.start_byte for one in nodes(function, *_LABELS)]
    for name in names:
        if name.id in sets:
            continue
        origin = _origin(name, function, statements, starts, labels)
        if origin is None:
            return None
        found[origin].append(name)
    return tuple(Web(statements[one], tuple(found[one])) for one in sorted(
        found, key=lambda one: statements[one].start_byte))


def _sets(name: Node) -> Node | None:
    """The statement `name = ...;`, if a name stands so."""
    assignment = name.parent
    if assignment is None or assignment.type != "assignment_expression" or \
            assignment.child_by_field_name("left") != name:
        return None
    found = view.infix(assignment)
    statement = assignment.parent
    return statement if found is not None and found.sign == "=" and statement is not None and \
        statement.type == "expression_statement" else None


def _origin(name: Node, function: Node, statements: dict[int, Node], starts: Sequence[int],
            labels: Sequence[int]) -> int | None:
    """The statement that sets what a name means."""
    parent = name.parent
    if parent is not None and parent.type in ("pointer_expression", "update_expression"):
        return None
    if parent is not None and parent.type == "assignment_expression" and \
            parent.child_by_field_name("left") == name:
        return None
    node: Node | None = name
    while node is not None and node.id != function.id:
        if node.type in _LABELS or (node.type in _LOOPS and any(
                node.start_byte <= one < node.end_byte for one in starts)):
            return None
        before = node.prev_named_sibling if _is_of_block(node) else None
        while before is not None:
            if before.id in statements:
                return before.id
            inside = before.start_byte, before.end_byte
            if any(inside[0] <= one < inside[1] for one in (*starts, *labels)):
                return None
            before = before.prev_named_sibling
        node = node.parent
    return None


def _is_of_block(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "compound_statement"
