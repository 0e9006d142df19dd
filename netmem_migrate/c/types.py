# SPDX-License-Identifier: GPL-2.0-only
"""C types as far as following pool memory needs them, and how declarators spell them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from tree_sitter import Node

Derivation = Literal["p", "a", "f"]

PAGE = "struct page"
PAGE_POINTER = (*PAGE.split(), "*")
"""A pointer to one, as tokens."""


class Type(NamedTuple):
    """A base name and the derivations on it, outermost first.

    `struct page *pages[4]` is `Type("struct page", ("a", "p"))`: an array of pointers.
    "p" is a pointer, "a" an array, "f" a function returning what follows.
    """

    base: str
    derivations: tuple[Derivation, ...] = ()

    @property
    def is_page(self) -> bool:
        """Whether this is a `struct page *`, or arrays, pointers or functions that end in one."""
        return self.base == PAGE and bool(self.derivations) and self.derivations[-1] == "p"

    @property
    def is_void_pointer(self) -> bool:
        return self.base == "void" and self.derivations == ("p",)

    @property
    def level(self) -> int:
        """Derivations between this and the page pointer: 0 for `struct page *` itself."""
        return len(self.derivations) - 1

    def target(self) -> Type | None:
        """The type behind one dereference, or None if this cannot be dereferenced."""
        if self.derivations and self.derivations[0] in "pa":
            return Type(self.base, self.derivations[1:])
        return None

    def result(self) -> Type | None:
        """The type that calling this gives; pointers to functions are called as functions."""
        for number, one in enumerate(self.derivations):
            if one == "f":
                return Type(self.base, self.derivations[number + 1:])
        return None

    def pointer(self) -> Type:
        return Type(self.base, ("p", *self.derivations))


@dataclass(frozen=True, slots=True)
class Declarator:
    """One declared name: its type, its identifier node, and its whole declarator node."""

    name: bytes
    type: Type
    identifier: Node | None
    node: Node
    parameters: Node | None = None
    value: Node | None = None


def read_declarator(base: str, node: Node, source: bytes) -> Declarator:
    """Follow a declarator from the outside in to the declared name."""
    inward: list[Derivation] = []
    whole = node
    value: Node | None = None
    parameters: Node | None = None
    while True:
        kind = node.type
        inner: Node | None
        if kind == "init_declarator":
            value = node.child_by_field_name("value")
            inner = node.child_by_field_name("declarator")
        elif kind in (
            "pointer_declarator",
            "abstract_pointer_declarator",
            "pointer_type_declarator",
            "pointer_field_declarator",
        ):
            inward.append("p")
            inner = node.child_by_field_name("declarator")
        elif kind in ("array_declarator", "abstract_array_declarator"):
            inward.append("a")
            inner = node.child_by_field_name("declarator")
        elif kind in ("function_declarator", "abstract_function_declarator"):
            inward.append("f")
            parameters = node.child_by_field_name("parameters")
            inner = node.child_by_field_name("declarator")
        elif kind in (
            "parenthesized_declarator",
            "abstract_parenthesized_declarator",
            "attributed_declarator",
        ):
            inner = next(
                (
                    c
                    for c in node.named_children
                    if c.type.endswith("declarator") or c.type.endswith("identifier")
                ),
                None,
            )
        else:
            named = kind in ("identifier", "field_identifier", "type_identifier")
            name = source[node.start_byte : node.end_byte] if named else b""
            type_ = Type(base, tuple(reversed(inward)))
            return Declarator(name, type_, node if named else None, whole, parameters, value)
        if inner is None:
            type_ = Type(base, tuple(reversed(inward)))
            return Declarator(b"", type_, None, whole, parameters, value)
        node = inner


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A member of a struct or union, and where it is declared."""

    name: bytes
    type: Type
    file: str
    declaration: Node
    declarator: Declarator
    record: str

    @property
    def in_union(self) -> bool:
        """Whether it may share its memory with others, by a union around it in its record."""
        node: Node | None = self.declaration
        while node is not None and node.type != "union_specifier":
            node = node.parent
        return node is not None


@dataclass(slots=True)
class Record:
    """A struct or union; members of anonymous structs and unions inside are its own."""

    tag: str
    file: str
    members: dict[bytes, Member] = field(default_factory=dict)
    order: list[bytes] = field(default_factory=list)
    repeated: set[bytes] = field(default_factory=set)  # declared in more than one branch of an #if

    def rename(self, member: Member, record: str) -> Member:
        """Give a member the name of the record that it is in, as a report spells it."""
        self.members[member.name] = replace(member, record=record)
        return self.members[member.name]
