# SPDX-License-Identifier: GPL-2.0-only
"""Ways through one function, from a call on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from netmem_migrate.flow.cfg import ControlFlow, build
from netmem_migrate.flow.sync.narrow import within
from netmem_migrate.flow.sync.scopes import Scope

if TYPE_CHECKING:
    from tree_sitter import Node

Is = Callable[["Node"], bool]


def flow_of(scope: Scope) -> ControlFlow | None:
    """The ways of a function, None for one that is not read whole."""
    body = scope.function.body
    return build(body, exact=True) if body is not None and not scope.node.has_error else None


def leads(flow: ControlFlow, start: Node | None, stops: Is, goal: Is | None) -> bool | None:
    """Whether a way leads from behind a place, or the start, to a goal, or to the end of the
    function or of a turn of a loop where that is None, without a place that stops it; None where
    the place is not there."""
    at = [(0, 0)] if start is None else _behind(flow, start)
    if not at:
        return None
    turns = _leading_to(flow, {number for number, _ in at})
    done: set[int] = set()
    left = list(at)
    while left:
        number, item = left.pop()
        block = flow.blocks[number]
        nodes = [one.node for one in block.items[item:]]
        nodes += [edge.test for edge in block.edges if edge.test is not None]
        told = next((one for one in nodes if stops(one) or (goal is not None and goal(one))), None)
        if told is not None:
            if goal is not None and goal(told):
                return True
            continue
        if goal is None and (number == flow.exit or any(
                edge.back and edge.to in turns for edge in block.edges)):
            return True
        for edge in block.edges:
            if edge.to not in done:
                done.add(edge.to)
                left.append((edge.to, 0))
    return False


def _behind(flow: ControlFlow, node: Node) -> list[tuple[int, int]]:
    """Behind the items, or tests, that a node stands in."""
    found = [(number, index + 1) for number, block in enumerate(flow.blocks)
             for index, item in enumerate(block.items) if within(node, item.node)]
    found += [(edge.to, 0) for block in flow.blocks for edge in block.edges
              if edge.test is not None and within(node, edge.test)]
    return found


def _leading_to(flow: ControlFlow, blocks: set[int]) -> set[int]:
    """The blocks from which a way leads to any of some."""
    found = set(blocks)
    more = True
    while more:
        before = {number for number, block in enumerate(flow.blocks)
                  if any(edge.to in found for edge in block.edges)}
        more = not before <= found
        found |= before
    return found
