# SPDX-License-Identifier: GPL-2.0-only
"""Rewrites of one function of a C file, drawn at random: some keep what it does, most do not."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import parse

_STATEMENTS = ("expression_statement", "if_statement", "return_statement", "goto_statement",
               "break_statement", "continue_statement", "while_statement", "for_statement",
               "declaration")
_SIGNS = ((b"<", b"<="), (b"<", b">"), (b">", b">="), (b"+", b"-"), (b"-", b"+"), (b"&&", b"||"),
          (b"||", b"&&"), (b"==", b"!="), (b"!=", b"=="), (b"&", b"|"), (b"<<", b">>"),
          (b"++", b"--"), (b"+=", b"-="), (b"=", b"+="))
_TYPES = ((b"int", b"unsigned int"), (b"unsigned int", b"unsigned short"), (b"u32", b"u16"),
          (b"bool", b"int"), (b"dma_addr_t", b"u32"), (b"void", b"char"))


class Rewrites:
    """Draws rewrites of one text; None where a draw finds no place."""

    def __init__(self, text: bytes, rng: random.Random) -> None:
        self.text, self.rng = text, rng
        functions = [one for one in parse(text).functions() if not one.has_error]
        body = rng.choice(functions).node.child_by_field_name("body") if functions else None
        assert body is not None
        self.body = body
        self.kinds: tuple[Callable[[], bytes | None], ...] = (
            self.dropped, self.doubled, self.swapped, self.moved, self.number, self.sign,
            self.name, self.member, self.negated, self.arguments, self.type, self.jump,
            self.returned, self.copied, self.aliased)

    def draw(self) -> bytes | None:
        """One rewrite."""
        return self.rng.choice(self.kinds)()

    def _said(self, node: Node) -> bytes:
        return self.text[node.start_byte:node.end_byte]

    def _put(self, node: Node, new: bytes) -> bytes:
        return self.text[:node.start_byte] + new + self.text[node.end_byte:]

    def _pick(self, *kinds: str) -> Node | None:
        found = [one for kind in kinds for one in nodes(self.body, kind)]
        return self.rng.choice(found) if found else None

    def dropped(self) -> bytes | None:
        node = self._pick(*_STATEMENTS)
        return self._put(node, b";") if node else None

    def doubled(self) -> bytes | None:
        node = self._pick(*_STATEMENTS)
        return self._put(node, self._said(node) + b"\n" + self._said(node)) if node else None

    def swapped(self) -> bytes | None:
        node = self._pick(*_STATEMENTS)
        other = node.next_named_sibling if node else None
        return self._exchanged(node, other) if node and other else None

    def _exchanged(self, first: Node, second: Node) -> bytes:
        return (self.text[:first.start_byte] + self._said(second)
                + self.text[first.end_byte:second.start_byte] + self._said(first)
                + self.text[second.end_byte:])

    def moved(self) -> bytes | None:
        node, place = self._pick(*_STATEMENTS), self._pick(*_STATEMENTS)
        if not node or not place or place.start_byte < node.end_byte:
            return None
        return (self._put(node, b";")[:place.end_byte - len(self._said(node)) + 1]
                + b"\n" + self._said(node) + self.text[place.end_byte:])

    def number(self) -> bytes | None:
        node = self._pick("number_literal")
        return self._put(node, self.rng.choice((b"0", b"1", b"2", b"64"))) if node else None

    def sign(self) -> bytes | None:
        old, new = self.rng.choice(_SIGNS)
        found = [one for one in re.finditer(re.escape(old), self.text)
                 if self.body.start_byte <= one.start() < self.body.end_byte]
        if not found:
            return None
        one = self.rng.choice(found)
        return self.text[:one.start()] + new + self.text[one.end():]

    def name(self) -> bytes | None:
        node, other = self._pick("identifier"), self._pick("identifier")
        return self._put(node, self._said(other)) if node and other else None

    def member(self) -> bytes | None:
        node, other = self._pick("field_identifier"), self._pick("field_identifier")
        return self._put(node, self._said(other)) if node and other else None

    def negated(self) -> bytes | None:
        node = self._pick("if_statement")
        test = node.child_by_field_name("condition") if node else None
        return self._put(test, b"(!" + self._said(test) + b")") if test else None

    def arguments(self) -> bytes | None:
        node = self._pick("argument_list")
        if not node or node.named_child_count < 2:
            return None
        first, second = sorted(self.rng.sample(node.named_children, 2),
                               key=lambda one: one.start_byte)
        return self._exchanged(first, second)

    def type(self) -> bytes | None:
        old, new = self.rng.choice(_TYPES)
        node = self._pick("declaration")
        return self._put(node, re.sub(rb"\b" + old + rb"\b", new, self._said(node),
                                      count=1)) if node else None

    def jump(self) -> bytes | None:
        node, label = self._pick("goto_statement"), self._pick("labeled_statement")
        name = label.child_by_field_name("label") if label else None
        return self._put(node, b"goto " + self._said(name) + b";") if node and name else None

    def returned(self) -> bytes | None:
        node = self._pick("return_statement")
        return self._put(node, self.rng.choice((b"return 0;", b"return -1;"))) if node else None

    def copied(self) -> bytes | None:
        """What a member holds, read into a local before the statement that reads it, or earlier."""
        return self._by_local(b"typeof(%s) m_copy = %s;\n", b"m_copy")

    def aliased(self) -> bytes | None:
        """The address of a member, taken there."""
        return self._by_local(b"typeof(%s) *m_at = &%s;\n", b"(*m_at)")

    def _by_local(self, declared: bytes, used: bytes) -> bytes | None:
        node = self._pick("field_expression")
        if not node:
            return None
        place = node
        while place.parent is not None and place.parent.type != "compound_statement":
            place = place.parent
        before = place.prev_named_sibling
        if before is not None and before.type != "declaration" and self.rng.random() < 0.5:
            place = before
        said = self._said(node)
        return (self.text[:place.start_byte] + declared % (said, said)
                + self.text[place.start_byte:node.start_byte] + used
                + self.text[node.end_byte:])
