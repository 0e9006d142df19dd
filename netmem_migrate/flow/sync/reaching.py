# SPDX-License-Identifier: GPL-2.0-only
"""What a local can be where it is read, by what it was set to last on each way there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.flow.cfg import ControlFlow, build
from netmem_migrate.flow.sync.narrow import within
from netmem_migrate.flow.sync.scopes import Scope

if TYPE_CHECKING:
    from tree_sitter import Node


def reaching(scope: Scope, name: Node) -> list[Node | None] | None:
    """What a local can be at a place; None in it for what is no plain value, None for nothing that
    is known: a parameter, what is not set on some way, or a place that no way leads to."""
    body = scope.function.body
    word = view.text(name)
    if body is None or scope.node.has_error or word in scope.parameters or \
            not scope.is_local(word):
        return None
    sets = scope.sets.get(word, [])
    flow = build(body, exact=True)
    start = _block(flow, name)
    if start is None:
        return None
    before = flow.before()
    number, item = start
    found: list[Node | None] = []
    done: set[int] = set()
    left = [(number, item)]
    while left:
        number, item = left.pop()
        last = _last(flow, number, item, sets)
        if last is not None:
            found.append(last[0])
            continue
        if number == 0:
            return None
        for one in before.get(number, ()):
            if one not in done:
                done.add(one)
                left.append((one, len(flow.blocks[one].items)))
    return found


def _block(flow: ControlFlow, node: Node) -> tuple[int, int] | None:
    """The one block, and the item of it, that a node stands in."""
    found = [(number, index) for number, block in enumerate(flow.blocks)
             for index, item in enumerate(block.items) if within(node, item.node)]
    return found[0] if len(found) == 1 else None


def _last(flow: ControlFlow, number: int, count: int,
          sets: list[tuple[Node, Node | None]]) -> tuple[Node | None] | None:
    """What the first items of a block set a local to, the last time."""
    block = flow.blocks[number]
    for item in reversed(block.items[:count]):
        mine = [value for where, value in sets if within(where, item.node)]
        if mine:
            return (mine[0] if len(mine) == 1 else None,)
    # A test can set it as well.
    tested = [value for edge in block.edges if edge.test is not None
              for where, value in sets if within(where, edge.test)]
    return (None,) if tested and count == len(block.items) else None
