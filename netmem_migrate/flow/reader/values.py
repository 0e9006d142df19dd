# SPDX-License-Identifier: GPL-2.0-only
"""What an expression is worth to the reader: its type, and where its page can come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tree_sitter import Node

from netmem_migrate.c.types import PAGE, Type
from netmem_migrate.flow.graph import Slot
from netmem_migrate.flow.keys import Key
from netmem_migrate.reasons import Category


class Atom(NamedTuple):
    """One origin of a value: a slot, NULL, or (neither) a page that no slot holds."""

    node: Node
    slot: Slot | None = None
    null: bool = False
    category: Category = Category.PAGE_ONLY_USE


class Value(NamedTuple):
    """The type of an expression, if known, and where its page can come from."""

    node: Node
    type: Type | None = None
    atoms: tuple[Atom, ...] = ()
    carrier: Callable[[], None] | None = None  # notes that its void declaration carries a page
    record: str = ""  # the record, not read, of which it is a member
    at: tuple[Key, ...] = ()  # what gives it, where it may be an address of memory

    @property
    def holds_page(self) -> bool:
        return self.type is not None and self.type.is_page

    @property
    def level(self) -> int:
        return self.type.level if self.type is not None else 0

    @property
    def is_null(self) -> bool:
        return bool(self.atoms) and all(atom.null for atom in self.atoms)

    @property
    def slots(self) -> list[Slot]:
        return [atom.slot for atom in self.atoms if atom.slot is not None]

    def moved(self, node: Node) -> tuple[Atom, ...]:
        """The same origins, of an expression around this one; NULL is none of what it points to."""
        return tuple(Atom(node, atom.slot, atom.null, atom.category) for atom in self.atoms
                     if not atom.null or len(self.atoms) == 1)


INT = Type("int")
MEMORY = Type("void", ("p",))
POINTER_TO_PAGE = Type(PAGE, ("p",))
