# SPDX-License-Identifier: GPL-2.0-only
"""What a condition says about places, and a state narrowed to where it holds."""

from __future__ import annotations

from typing import TypeAlias

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.check.paths.state import NOTHING, Known, State, roots
from netmem_migrate.check.paths.values import place
from netmem_migrate.flow.cfg import transparent

# A condition over more variables than this is hardly ever tested again unchanged, and each fact
# that is kept keeps paths apart.
_MAX_ROOTS = 4
_ZERO = (b"NULL", b"0")

Test: TypeAlias = tuple[str, bool, str]
"""What a condition tests: a place and whether true means that it is set, or else a text."""


def tested(node: Node) -> Test:
    """What a condition tests."""
    node = transparent(node)
    pair = view.infix(node)
    if pair is not None and node.type == "assignment_expression":
        return place(pair.left), True, ""
    if pair is not None and pair.sign in ("==", "!="):
        for one, other in ((pair.left, pair.right), (pair.right, pair.left)):
            if view.text(view.bare(other)) in _ZERO:
                found = transparent(one)
                stored = view.infix(found)
                if stored is not None and found.type == "assignment_expression":
                    found = stored.left
                return place(found), pair.sign == "!=", ""
    if (name := place(node)):
        return name, True, ""
    said = view.text(node)
    if b"(" in said:
        return "", True, ""
    text = b"".join(said.split()).decode("latin-1")
    return "", True, text if _repeats(text) else ""


def _repeats(text: str) -> bool:
    """Whether a condition without a call is the same when it is asked again: it writes nothing."""
    compared = text
    for sign in ("==", "!=", "<=", ">="):
        compared = compared.replace(sign, "")
    return not any(mark in text for mark in ("++", "--")) and "=" not in compared


def refine(again: frozenset[str], state: State, test: Test, truth: bool) -> bool:
    """Narrow a state to where a condition holds. False: it cannot hold there.

    `again` are the conditions worth remembering: those that are tested more than once. Only they
    become facts, since each fact keeps two paths apart for the rest of the function.
    """
    name, is_set, text = test
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
            del state.places[name]  # not allocated here, and not there: nothing to follow
    if not key or key not in again:
        return True
    if state.facts.get(key, truth) != truth:
        return False
    if len(roots(key)) <= _MAX_ROOTS:
        state.facts[key] = truth
    return True
