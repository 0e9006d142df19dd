# SPDX-License-Identifier: GPL-2.0-only
"""A way through a function as lines: what is tested on it, and what of the API is called."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.check.paths.events import Trail
from netmem_migrate.flow.cfg import ControlFlow, Edge, build
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.results import Waypoint

_LONGEST = 60  # characters of code


def waypoints(file: str, trail: Iterable[Trail] | None, end: Node,
              side: str = "") -> tuple[Waypoint, ...]:
    """The lines that a trail leads over, and the one where it ends."""
    passed = [Waypoint(file, one.node.start_point[0] + 1, said(one.node) + (
        "" if one.truth is None else f" is {str(one.truth).lower()}"), side)
        for one in trail or () if one.node.id != end.id]
    return (*passed, Waypoint(file, end.start_point[0] + 1, said(end), side))


class Lines:
    """The shortest ways through one version of a function."""

    def __init__(self, file: str, side: str, parsed: ParsedFile, function: Node) -> None:
        """Take a definition, and whether it is "before" or "after" a change."""
        self._file, self._side, self._parsed = file, side, parsed
        self._function = function

    def to(self, line: int) -> tuple[Waypoint, ...]:
        """The way to what is in a line; of a line that no statement is in, the line alone."""
        row = line - 1
        found = next(((block, at) for block, at in self._items if at.start_point[0] <= row
                      <= at.end_point[0]), None)
        if found is None:
            text = self._parsed.source.split(b"\n")[row:line]
            return (Waypoint(self._file, line, _short(b"".join(text)), self._side),)
        block, node = found
        return waypoints(self._file, self._trail(block, node), node, self._side)

    @cached_property
    def _flow(self) -> ControlFlow | None:
        body = self._function.child_by_field_name("body")
        return build(body) if body is not None and not self._function.has_error else None

    @cached_property
    def _items(self) -> list[tuple[int, Node]]:
        """What is done and tested, with its block; the smallest first."""
        if self._flow is None:
            return []
        found = [(number, node) for number, block in enumerate(self._flow.blocks)
                 if number in self._before for node in (
                     *(item.node for item in block.items),
                     *(edge.test for edge in block.edges if edge.test is not None))]
        return sorted(found, key=lambda one: (one[1].end_byte - one[1].start_byte, one[0]))

    @cached_property
    def _before(self) -> dict[int, tuple[int, Edge] | None]:
        """By block that is reached, the block and the edge by which it is reached first."""
        assert self._flow is not None
        found: dict[int, tuple[int, Edge] | None] = {0: None}
        queue = [0]
        for number in queue:
            for edge in self._flow.blocks[number].edges:
                if edge.to not in found:
                    found[edge.to] = number, edge
                    queue.append(edge.to)
        return found

    def _trail(self, block: int, end: Node) -> Trail | None:
        assert self._flow is not None
        steps: list[tuple[int, Edge | None]] = [(block, None)]
        while (by := self._before[steps[-1][0]]) is not None:
            steps.append(by)
        trail: Trail | None = None
        for number, edge in reversed(steps):
            for item in self._flow.blocks[number].items:
                if item.node.id == end.id:
                    return trail
                for call in view.calls(item.node):
                    if call.name.decode("latin-1") in BY_NAME:
                        trail = Trail(call.node, None, trail)
            if edge is not None and edge.test is not None:
                trail = Trail(edge.test, edge.truth, trail)
        return trail


def said(node: Node) -> str:
    """Code on one line, cut where it is long."""
    return _short(view.text(view.bare(node)))


def _short(code: bytes) -> str:
    text = b" ".join(code.split()).decode("utf-8", "replace")
    return text if len(text) <= _LONGEST else text[:_LONGEST - 3] + "..."
