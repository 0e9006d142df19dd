# SPDX-License-Identifier: GPL-2.0-only
"""Failure exits that a function has, and where one fits: before what may fail, nothing is held yet
that it would not give up.

An exit fits in front of a statement if the function itself leaves by it a little later, or a little
before, and nothing between changes what it finds: only locals are set that it does not read, from
calls that do no more than read, or that fail where it is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.cfg import transparent

_NAMES = ("identifier",)
_SIMPLE = ("expression_statement", "declaration")


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit that fits before a statement: the `goto` or `return` that it is taken by."""

    before: Node
    jump: Node


def exit_before(function: Node, node: Node, is_pure: Callable[[view.Call], bool],
                fails_clean: Callable[[view.Call], bool]) -> Exit | None:
    """The exit that fits before the statement that a node stands in; None for none.

    `is_pure` says of a call that it does no more than read, `fails_clean` that it leaves nothing
    behind where it fails.
    """
    statement: Node | None = node
    while statement is not None and (statement.parent is None
                                     or statement.parent.type != "compound_statement"):
        statement = statement.parent
    if statement is None or statement.parent is None:
        return None
    block = view.children(statement.parent)
    start = next(index for index, one in enumerate(block) if one.id == statement.id)
    place = next((index for index in range(start, len(block))
                  if block[index].type != "declaration"), None)
    if place is None or any(one.type == "labeled_statement" for one in block[start:place + 1]):
        return None
    return (_later(function, block, start, place, is_pure, fails_clean)
            or _earlier(function, block, start, place, is_pure))


def _later(function: Node, block: list[Node], start: int, place: int,
           is_pure: Callable[[view.Call], bool],
           fails_clean: Callable[[view.Call], bool]) -> Exit | None:
    """An exit that is taken behind, if what is called last fails."""
    sets: set[bytes] = set()
    called: bytes = b""
    for index in range(start, len(block)):
        one = block[index]
        jump = _jump(one)
        if jump is not None:
            test = view.branch(one)
            assert test is not None
            calls = [call for call in view.calls(test.test)
                     if view.bare(transparent(call.node)) == call.node]
            if all(map(is_pure, calls)) and (not called or called in _names(test.test)) and \
                    sets.isdisjoint(_reads(function, jump)):
                return Exit(block[place], jump)
            return None
        if one.type not in _SIMPLE or called:
            return None
        changed = _sets(one)
        if changed is None:
            return None
        sets |= changed
        impure = [call for call in view.calls(one) if not is_pure(call)]
        if impure:
            if len(impure) > 1 or len(changed) != 1 or not fails_clean(impure[0]):
                return None
            (called,) = changed
    return None


def _earlier(function: Node, block: list[Node], start: int, place: int,
             is_pure: Callable[[view.Call], bool]) -> Exit | None:
    """An exit that is taken in front, and not since what stands before that was taken."""
    for index in range(start - 1, -1, -1):
        one = block[index]
        jump = _jump(one)
        if jump is not None:
            test = view.branch(one)
            assert test is not None
            last = block[index - 1] if index else None
            taken = (_sets(last) or set()) if last is not None and list(view.calls(last)) else set()
            if not any(True for _ in view.calls(test.test)) and taken.isdisjoint(
                    _names(test.test)):
                return Exit(block[place], jump)
            return None
        if one.type not in _SIMPLE or _sets(one) is None or not all(
                map(is_pure, view.calls(one))):
            return None
    return None


def _jump(node: Node) -> Node | None:
    """The one `goto` or `return` that an `if` without `else` takes."""
    found = view.branch(node) if node.type == "if_statement" else None
    if found is None or found.then is None or found.otherwise is not None:
        return None
    then = found.then
    if then.type == "compound_statement":
        inside = view.children(then)
        if len(inside) != 1:
            return None
        (then,) = inside
    return then if then.type in ("goto_statement", "return_statement") else None


def _sets(node: Node) -> set[bytes] | None:
    """The locals that a statement sets; None where it sets anything else, or may."""
    found: set[bytes] = set()
    for one in nodes(node, "assignment_expression", "update_expression"):
        target = one.child_by_field_name("left") or view.operand(one)
        if target is None or target.type != "identifier":
            return None
        found.add(view.text(target))
    for one in nodes(node, "init_declarator"):
        name = view.declared(one.child_by_field_name("declarator"))
        if name is not None:
            found.add(view.text(name))
    return found


def _names(node: Node) -> set[bytes]:
    return {view.text(one) for one in nodes(node, *_NAMES)}


def _reads(function: Node, jump: Node) -> set[bytes]:
    """What is read from an exit on."""
    found = _names(jump)
    name = view.label(jump) if jump.type == "goto_statement" else None
    if name is not None:
        for one in _labelled(function, view.text(name)):
            end = function.end_byte
            found |= {view.text(inner) for inner in nodes(function, *_NAMES)
                      if one.start_byte <= inner.start_byte < end}
    return found


def _labelled(function: Node, name: bytes) -> Iterator[Node]:
    for one in nodes(function, "labeled_statement"):
        label = view.label(one)
        if label is not None and view.text(label) == name:
            yield one
