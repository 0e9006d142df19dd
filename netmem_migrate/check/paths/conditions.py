# SPDX-License-Identifier: GPL-2.0-only
"""What a condition says about places, and a state narrowed to where it holds."""

from __future__ import annotations

from tree_sitter import Node

from netmem_migrate.check.paths.cfg import inner, transparent
from netmem_migrate.check.paths.state import NOTHING, Known, State, roots
from netmem_migrate.check.paths.values import place


def tested(node: Node) -> tuple[str, bool, str]:
    """What a condition tests: a place and whether true means that it is set, or else a text."""
    node = transparent(node)
    if node.type == "assignment_expression":
        left = node.child_by_field_name("left")
        return (place(left) if left is not None else "", True, "")
    if node.type == "binary_expression":
        operator = node.child_by_field_name("operator")
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if operator is not None and operator.text in (b"==", b"!=") and left and right:
            for one, other in ((left, right), (right, left)):
                if inner(other).text in (b"NULL", b"0"):
                    found = transparent(one)
                    if found.type == "assignment_expression":
                        found = found.child_by_field_name("left") or found
                    return place(found), operator.text == b"!=", ""
    text = b"".join((node.text or b"").split()).decode("latin-1")
    if (name := place(node)):
        return name, True, ""
    return "", True, "" if "(" in text or "=" in text.replace("==", "").replace(
        "!=", "").replace("<=", "").replace(">=", "") or "++" in text or "--" in text else text


def refine(again: frozenset[str], state: State, node: Node, truth: bool) -> bool:
    """Narrow a state to where a condition holds. False: it cannot hold there.

    `again` are the conditions worth remembering: those that are tested more than once.
    """
    name, is_set, text = tested(node)
    key = name or text
    if name:
        truth = truth == is_set
        found = state.places.get(name)
        if found is not None and found[0] == NOTHING:
            return not truth
        memory = state.memory.get(found[0]) if found is not None else None
        if found is not None and memory is not None and not found[1] and memory.origin:
            if memory.known == Known.NULL:
                return not truth
            if memory.known == Known.YES:
                return truth
            state.change(found[0], known=Known.YES if truth else Known.NULL)
            return True
        if found is not None and memory is not None and not truth and not found[1]:
            del state.places[name]
    if not key or key not in again:
        return True
    if state.facts.get(key, truth) != truth:
        return False
    if len(roots(key)) <= 4:
        state.facts[key] = truth
    return True
