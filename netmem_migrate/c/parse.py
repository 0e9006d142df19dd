# SPDX-License-Identifier: GPL-2.0-only
"""One parsed file of kernel C: its bytes, what the target has of them, and the tree of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import tree_sitter_c
from tree_sitter import Language, Node, Parser, Tree

from netmem_migrate.c.arms import Arms, Group
from netmem_migrate.c.find import forget, in_all_arms
from netmem_migrate.c.lines import line_of
from netmem_migrate.c.mask import text
from netmem_migrate.c.mask.masking import mask
from netmem_migrate.c.words import words

_PARSER = Parser(Language(tree_sitter_c.language()))


@dataclass(frozen=True, slots=True)
class Definition:
    """One function definition. `start` and `end` are byte offsets, also of the original."""

    name: str
    node: Node
    start: int
    end: int
    has_error: bool


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file of kernel C. Offsets of the tree are offsets into `source`, and into `original`.

    `source` is the original with spaces where the target leaves out an arm of `#if`, by what
    `arms` know. `declared` keeps what c/symbols.py read of it, by path, and
    `kept` what others did, each by a key that is its own.
    """

    source: bytes
    masked: bytes
    tree: Tree
    original: bytes
    arms: Arms
    declared: dict[str, object] = field(default_factory=dict, compare=False, repr=False)
    kept: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)
    _words: dict[tuple[int, int], frozenset[bytes]] = field(
        default_factory=dict, compare=False, repr=False)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The conditionals, but for what guards a header."""
        return self.arms.read(self.original).groups

    def line_of(self, offset: int) -> int:
        """The 1-based line of a byte offset."""
        return line_of(self.source, offset)

    def text(self, node: Node) -> bytes:
        """The original text of a node: what was masked is there."""
        return self.source[node.start_byte : node.end_byte]

    def words(self, node: Node) -> frozenset[bytes]:
        """The words of a node, looked for when they are asked for first."""
        span = node.start_byte, node.end_byte
        found = self._words.get(span)
        if found is None:
            found = self._words[span] = words(self.text(node))
        return found

    def functions(self) -> tuple[Definition, ...]:
        """Every function definition, those inside top-level conditionals included, in order."""
        return tuple(
            Definition(_name(node), node, node.start_byte, node.end_byte, node.has_error)
            for node in in_all_arms(self.tree.root_node) if node.type == "function_definition")


def _name(definition: Node) -> str:
    node = definition.child_by_field_name("declarator")
    while node is not None and node.type != "identifier":
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next((c for c in node.named_children if "declarator" in c.type), None)
        node = inner
    return (node.text or b"").decode("latin-1") if node is not None else ""


def parse(source: bytes, arms: Arms | None = None) -> ParsedFile:
    """Mask and parse one file. Never raises; see `Definition.has_error` for what stayed unread."""
    arms = arms or Arms()
    seen = arms.seen(source)
    masked = mask(seen)
    return ParsedFile(seen, masked, _PARSER.parse(masked), source, arms)


class Texts:
    """The texts that were parsed for one driver, by content: none is parsed twice.

    `arms` say which arms of `#if` they have. Whatever changes the driver shares it, and it is gone
    with them. A copy in another process begins empty, since trees cannot be copied.
    """

    __slots__ = ("_arms", "_known", "_words")

    def __init__(self, arms: Arms | Callable[[], Arms] | None = None) -> None:
        """Know nothing yet; a function that gives the arms is asked when they are wanted."""
        self._arms = arms or Arms()
        self._known: dict[bytes, ParsedFile] = {}
        self._words: dict[bytes, frozenset[bytes]] = {}

    def __reduce__(self) -> tuple[type[Texts], tuple[Arms]]:
        """Copies begin empty."""
        return Texts, (self.arms,)

    @property
    def arms(self) -> Arms:
        """Which arms of `#if` they have."""
        if not isinstance(self._arms, Arms):
            self._arms = self._arms()
        return self._arms

    def parse(self, source: bytes) -> ParsedFile:
        """The text as it parses; parsed when it is asked for first."""
        found = self._known.get(source)
        if found is None:
            found = self._known[source] = parse(source, self.arms)
        return found

    def words(self, source: bytes) -> frozenset[bytes]:
        """The words of a text, looked for when they are asked for first."""
        found = self._words.get(source)
        if found is None:
            found = self._words[source] = words(source)
        return found

    def add(self, parsed: ParsedFile) -> None:
        """Take what was parsed elsewhere."""
        self._known.setdefault(parsed.original, parsed)

    def forget(self) -> None:
        """Free the trees; what is asked for again is parsed again."""
        self._known.clear()
        self._words.clear()
        forget()
        text.forget()
        if isinstance(self._arms, Arms):
            self._arms.forget()
