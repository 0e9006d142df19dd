# SPDX-License-Identifier: GPL-2.0-only
"""What is around a node. The parser looks for that from the root down, each time anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c.find import nodes

_FEW = 2000  # nodes: among so few, the parser soon finds the one above


class Above:
    """The nodes above those below one root."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._few = root.descendant_count <= _FEW

    def of(self, node: Node) -> Node | None:
        """The node right above one."""
        return node.parent if self._few else self._known.get(node.id)

    @cached_property
    def _known(self) -> dict[int, Node]:
        known: dict[int, Node] = {}
        left = [self._root]
        while left:
            node = left.pop()
            children = node.children
            known.update((child.id, node) for child in children)
            left += children
        return known


def above(root: Node, node: Node) -> list[Node]:
    """The nodes above one, below a root that is the last of them; the innermost first."""
    found: list[Node] = []
    current: Node | None = root
    while current is not None and current != node:
        found.append(current)
        current = current.child_with_descendant(node)
    return found[::-1]


def innermost(root: Node, kinds: Iterable[str], inside: Iterable[Node]) -> Iterator[Node | None]:
    """Of each of some nodes, in order of the file, the innermost around it of some kinds."""
    outer = sorted((one for kind in kinds for one in nodes(root, kind)),
                   key=lambda one: (-one.start_byte, one.end_byte))
    open_: list[Node] = []
    for node in inside:
        while outer and outer[-1].start_byte <= node.start_byte:
            one = outer.pop()
            _close(open_, one.start_byte)
            open_.append(one)
        _close(open_, node.start_byte)
        yield open_[-1] if open_ else None


def _close(open_: list[Node], at: int) -> None:
    while open_ and open_[-1].end_byte <= at:
        open_.pop()
