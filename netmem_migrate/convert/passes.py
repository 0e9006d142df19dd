# SPDX-License-Identifier: GPL-2.0-only
"""What a pass is, what it is given, and how passes are found.

A pass is a module of `transforms/` that has one `PASS` and a function `edits(work)`. Its id is
its module name with dashes. Passes only yield edits of the original bytes; they are applied
later, all at once, from the end of each file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.errors import InputError
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.graph import Place, Slot
from netmem_migrate.results import Edit


@dataclass(frozen=True, slots=True)
class Pass:
    """The declaration of a pass.

    `before` and `after` are whole functions or records of C: `explain` prints them, and a test
    runs the tool on `before`. `order` sorts passes for reading; edits never depend on it. The
    edits of a pass that `prepares` are a patch of their own, before the conversion. A pass with an
    `option` does nothing unless that option of the command line asks for it.
    """

    id: str
    summary: str
    before: str
    after: str
    follows: str
    order: int
    prepares: bool = False
    option: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A pass and the function that yields its edits."""

    declared: Pass
    doc: str
    edits: Callable[[Work], Iterable[Edit]]


@dataclass(frozen=True, slots=True)
class Work:
    """What passes work on: an analysed driver and the names that its slots get."""

    analysis: Analysis
    new_names: dict[Slot, str]

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
        from netmem_migrate.convert.forms import edits_of

        yield from edits_of(self, owner)


def load() -> list[Loaded]:
    """All passes, in order. Raises InputError for a module that declares none or a taken id."""
    transforms = importlib.import_module("netmem_migrate.transforms")

    found: dict[str, Loaded] = {}
    for info in pkgutil.iter_modules(transforms.__path__):
        module = importlib.import_module(f"{transforms.__name__}.{info.name}")
        declared = getattr(module, "PASS", None)
        if not isinstance(declared, Pass):
            raise InputError(f"transforms/{info.name}.py declares no PASS")
        if declared.id != info.name.replace("_", "-") or declared.id in found:
            raise InputError(f"transforms/{info.name}.py: its id must be its own module name")
        found[declared.id] = Loaded(declared, (module.__doc__ or "").strip(), module.edits)
    return sorted(found.values(), key=lambda one: (one.declared.order, one.declared.id))
