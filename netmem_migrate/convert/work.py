# SPDX-License-Identifier: GPL-2.0-only
"""What passes work on, and the edits that they yield."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tree_sitter import Node

from netmem_migrate.convert.forms import edits_of
from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.graph import Place, Slot
from netmem_migrate.results import Edit

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Work:
    """What passes work on: an analysed driver and the names that its slots get."""

    analysis: Analysis
    new_names: dict[Slot, str]
    _found: dict[Callable[[Analysis], Iterable[Any]], tuple[Any, ...]] = field(
        default_factory=dict, compare=False, repr=False)

    def once(self, find: Callable[[Analysis], Iterable[_Found]]) -> tuple[_Found, ...]:
        """What is found in the driver, looked for once: what a step does and what it leaves are
        asked for apart."""
        if find not in self._found:
            self._found[find] = tuple(find(self.analysis))
        return self._found[find]

    def moves(self, slot: Slot) -> bool:
        return slot in self.analysis.solution.moved

    def text(self, file: str, node: Node) -> bytes:
        return self.analysis.sources[file][node.start_byte:node.end_byte]

    def edit(self, owner: Pass, file: str, start: int, end: int, text: bytes,
             why: str = "") -> Edit:
        return Edit(file, start, end, text, owner.id, why)

    def replace(self, owner: Pass, place: Place, text: bytes, why: str = "") -> Edit:
        """Replace a whole node."""
        return Edit(place.file, place.node.start_byte, place.node.end_byte, text, owner.id, why)

    def wrap(self, owner: Pass, place: Place, inner: Node, before: bytes, after: bytes,
             why: str = "") -> Iterator[Edit]:
        """Replace what stands around `inner` inside a node, so that `inner` can change too."""
        yield Edit(place.file, place.node.start_byte, inner.start_byte, before, owner.id, why)
        yield Edit(place.file, inner.end_byte, place.node.end_byte, after, owner.id, why)

    def forms(self, owner: Pass) -> Iterator[Edit]:
        """Make the netmem form of every row of the table that is the pass's, where it moves."""
        yield from edits_of(self.analysis, owner)
