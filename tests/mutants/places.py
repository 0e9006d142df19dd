# SPDX-License-Identifier: GPL-2.0-only
"""Where a file of a driver can be mutated: its functions, statements, and what is a page there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import Definition, parse

_PAGE = re.compile(rb"struct\s+page\s*\*+\s*(?:const\s+)?(\w+)")
_WRITTEN = ("assignment_expression", "update_expression", "init_declarator")
# What a statement can be without a change of meaning where it is put into a block of its own.
_PLAIN = ("expression_statement", "if_statement")


@dataclass(frozen=True)
class File:
    """One C file of a subject; `members` are the names of members that hold pages in any file."""

    text: bytes
    members: frozenset[bytes]

    @cached_property
    def _parsed(self) -> list[Definition]:
        return [one for one in parse(self.text).functions() if not one.has_error and one.name]

    @cached_property
    def functions(self) -> list[Function]:
        """The functions that name what holds pages."""
        found = []
        for one in self._parsed:
            body = one.node.child_by_field_name("body")
            head = one.node.child_by_field_name("declarator")
            if body is None or head is None or body.type != "compound_statement":
                continue
            words = set(re.findall(rb"\w+", self.text[one.start:one.end]))
            if words & self.members or _PAGE.search(self.text, one.start, one.end):
                found.append(Function(self, one.name.encode("latin-1"), one.node, head, body))
        return found

    @cached_property
    def records(self) -> list[Node]:
        """The structs with a tag that have a member which holds a page."""
        root = parse(self.text).tree.root_node
        return [one for one in nodes(root, "struct_specifier")
                if one.child_by_field_name("body") is not None
                and (name := one.child_by_field_name("name")) is not None
                and name.text != b"page"
                and _PAGE.search(self.text, one.start_byte, one.end_byte)
                and not one.has_error]

    def tag(self, record: Node) -> bytes:
        """The tag of a record."""
        name = record.child_by_field_name("name")
        assert name is not None
        return self.text[name.start_byte:name.end_byte]

    def page_members(self, record: Node) -> list[Node]:
        """The members of a record, not of one inside it, that are one pointer to a page."""
        body = record.child_by_field_name("body")
        assert body is not None
        return [one for one in body.named_children if one.type == "field_declaration"
                and re.fullmatch(rb"struct\s+page\s*\*\s*\w+;",
                                 self.text[one.start_byte:one.end_byte])]

    @property
    def held(self) -> Iterator[tuple[Node, Node]]:
        """Each record with each of its members that are one page."""
        for record in self.records:
            for member in self.page_members(record):
                yield record, member

    def scalars(self) -> Iterator[tuple[bytes, bytes, int]]:
        """Each plain member that is one page: its record's tag, its name, and the record's end."""
        for record, member in self.held:
            if record.parent is None or record.parent.type != "translation_unit":
                continue
            name = re.findall(rb"\w+", self.text[member.start_byte:member.end_byte])[-1]
            end = self.text.find(b";", record.end_byte) + 1
            if self.text[record.end_byte:end].strip() == b";":
                yield self.tag(record), name, end

    def replaced(self, *changes: tuple[int, int, bytes]) -> bytes:
        """The text with some spans of it replaced."""
        text = self.text
        for start, end, new in sorted(changes, reverse=True):
            text = text[:start] + new + text[end:]
        return text


@dataclass(frozen=True)
class Function:
    """One function definition of a file."""

    file: File
    name: bytes
    node: Node
    head: Node
    body: Node

    def text_of(self, node: Node) -> bytes:
        """The source of a node."""
        return self.file.text[node.start_byte:node.end_byte]

    @property
    def start(self) -> int:
        return self.node.start_byte

    @property
    def end(self) -> int:
        return self.node.end_byte

    @cached_property
    def text(self) -> bytes:
        return self.text_of(self.node)

    @property
    def whole(self) -> bytes:
        """The head as it is written, in front of the body."""
        return self.file.text[self.start:self.body.start_byte].rstrip()

    @property
    def directives(self) -> bool:
        """Whether a line of it belongs to the preprocessor."""
        return re.search(rb"^[ \t]*#", self.text, re.MULTILINE) is not None

    @cached_property
    def parameters(self) -> Node | None:
        """The list of parameters, None where the head is unusual."""
        if self.head.type == "function_declarator":
            return self.head.child_by_field_name("parameters")
        inner = nodes(self.head, "function_declarator")
        return inner[0].child_by_field_name("parameters") if len(inner) == 1 else None

    @cached_property
    def name_at(self) -> tuple[int, int] | None:
        """Where the head spells the name."""
        match = re.compile(rb"\b" + re.escape(self.name) + rb"\b(?=\s*\()").search(
            self.file.text, self.start, self.body.start_byte)
        return match.span() if match else None

    @cached_property
    def locals(self) -> frozenset[bytes]:
        """Names of parameters and locals that hold one page."""
        return frozenset(match[1] for match in _PAGE.finditer(self.text)
                         if b"**" not in match[0])

    @cached_property
    def statements(self) -> list[Node]:
        """The statements that can be wrapped, and that name what holds pages."""
        wanted = self.locals | self.file.members
        return [one for kind in _PLAIN for one in nodes(self.body, kind)
                if one.parent is not None and one.parent.type == "compound_statement"
                and not wanted.isdisjoint(re.findall(rb"\w+", self.text_of(one)))
                and not one.has_error]

    @cached_property
    def members(self) -> list[Node]:
        """Accesses of members that hold pages: `base.name` and `base->name`."""
        return [one for one in nodes(self.body, "field_expression")
                if (name := one.child_by_field_name("field")) is not None
                and self.text_of(name) in self.file.members and not one.has_error]

    @cached_property
    def tests(self) -> list[Node]:
        """The expressions in the parentheses of an `if` that are a page, or its negation."""
        return [one for one in self.values if one.parent is not None and (
            one.parent.type == "parenthesized_expression"
            or (one.parent.type == "unary_expression"
                and self.text_of(one.parent).startswith(b"!")))]

    @cached_property
    def values(self) -> list[Node]:
        """The expressions that are one page and are read: members and locals."""
        locals_ = [one for one in nodes(self.body, "identifier")
                   if self.text_of(one) in self.locals]
        found = []
        for one in [*self.members, *locals_]:
            parent = one.parent
            if parent is None or parent.type in ("field_expression", "pointer_expression",
                                                 "pointer_declarator", "subscript_expression",
                                                 "sizeof_expression", "update_expression"):
                continue
            first = parent.named_children[0] if parent.named_children else None
            if parent.type in _WRITTEN and first is not None and first.id == one.id:
                continue
            if parent.type in ("declaration", "parameter_declaration", "array_declarator"):
                continue
            found.append(one)
        return found

    @cached_property
    def nulls(self) -> list[Node]:
        """Where NULL is written beside what is a page."""
        return [one for one in nodes(self.body, "null")
                if one.parent is not None and one.parent.type in (
                    "assignment_expression", "binary_expression", "init_declarator")
                and not (self.locals | self.file.members).isdisjoint(
                    re.findall(rb"\w+", self.text_of(one.parent)))]

    @cached_property
    def calls(self) -> list[tuple[bytes, Node]]:
        """The calls that are given or give a page, by the name of what is called."""
        found = []
        for one in nodes(self.body, "call_expression"):
            function = one.child_by_field_name("function")
            if function is not None and function.type == "identifier" and not one.has_error and (
                    re.search(rb"page|skb_(?:add|fill)", self.text_of(function))):
                found.append((self.text_of(function), function))
        return found

    def statement_of(self, node: Node) -> Node | None:
        """The whole expression statement around a node, if it stands in a block."""
        at: Node | None = node
        while at is not None and not at.type.endswith("statement"):
            at = at.parent
        if at is not None and at.type == "expression_statement" and at.parent is not None and (
                at.parent.type == "compound_statement"):
            return at
        return None
