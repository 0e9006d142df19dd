# SPDX-License-Identifier: GPL-2.0-only
"""A fragment of kernel C with holes: what a row of the model says code looks like.

In `page_pool_put_page(pool, p, ...)` the lower-case words `pool` and `p` are operands, which stand
for any expression, and `...` is whatever arguments follow. Names of functions, members and types
stand for themselves. A pattern is matched against nodes of a parsed file and filled in as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from typing import NamedTuple

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import parse
from netmem_migrate.c.view import bare, call, children, infix
from netmem_migrate.c.words import TEXT_CALL

REST = "..."
_REST = "rest__"
_OPERAND = re.compile(r"[a-z]+")
_HOLE = re.compile(r"(?<![\w>.])(?<!struct )[a-z]+\b(?!\s*\()")
_LAST_REST = re.compile(r"(?:,\s*)?\.\.\.")


@dataclass(frozen=True, slots=True)
class Match:
    """What stands for each operand of a pattern, and for `...`.

    `negated` says that `!=` stands where the pattern has `==`.
    """

    operands: Mapping[str, Node] = field(default_factory=dict)
    rest: tuple[Node, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern: `text` as it is written, and its node; None for what is no C by itself."""

    text: str
    node: Node | None

    @property
    def name(self) -> str:
        """The function that the pattern is a call of, "" where it is anything else."""
        found = call(self.node)
        return found.name.decode("latin-1") if found is not None else ""

    @property
    def args(self) -> tuple[str, ...]:
        """The arguments of that call as they are written, `...` included."""
        found = call(self.node)
        if found is None:
            return ()
        return tuple((one.text or b"").decode("latin-1").replace(_REST, REST)
                     for one in found.args)

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of all functions that are called anywhere in it, in order."""
        return tuple(one for one in TEXT_CALL.findall(self.text) if one != "sizeof")

    @property
    def operands(self) -> tuple[str, ...]:
        """The names of its operands, in order."""
        return tuple(dict.fromkeys(one.group() for one in _HOLE.finditer(self.text)
                                   if one.group() not in _WORDS))

    def computes_with(self, operand: str) -> bool:
        """Whether an operand stands beside an operator somewhere, not only as an argument."""
        if self.node is None:
            return False
        return any(one.text == operand.encode() and one.parent is not None
                   and one.parent.type.endswith("_expression")
                   and one.parent.type not in ("call_expression", "parenthesized_expression")
                   for one in nodes(self.node, "identifier"))

    def match(self, node: Node) -> Match | None:
        """What the operands are where `node` is such code; parentheses around it do not count.

        The two sides of `==` may stand the other way round.
        """
        if self.node is None:
            return None
        found: dict[str, Node] = {}
        rest: list[Node] = []
        wanted, given = self.node, bare(node)
        if _fits(_wanted(wanted), given, found, rest):
            return Match(found, tuple(rest))
        one, other = infix(wanted), infix(given)
        if one is None or other is None or one.sign != "==" or other.sign not in ("==", "!="):
            return None
        for left, right in ((other.left, other.right), (other.right, other.left)):
            found.clear()
            if _fits(_wanted(one.left), left, found, rest) and _fits(
                    _wanted(one.right), right, found, rest):
                return Match(found, tuple(rest), other.sign == "!=")
        return None

    def fill(self, operands: Mapping[str, str], rest: str = "") -> str:
        """The pattern as text, with what stands for its operands and for `...`."""
        # `...` first: what fills it is no pattern, and has no holes.
        parts = [_HOLE.sub(lambda one: operands.get(one.group(), one.group()), part)
                 for part in _LAST_REST.split(self.text)]
        leads = [one.replace(REST, rest) if rest else "" for one in _LAST_REST.findall(self.text)]
        return "".join(map("".join, zip_longest(parts, leads, fillvalue="")))


# Words of C that look like operands.
_WORDS = frozenset({"struct", "void", "sizeof", "true", "false", "const", "unsigned", "long",
                    "int", "char", "enum", "union"})


@cache
def pattern(text: str) -> Pattern:
    """Read a pattern; the same object for the same text."""
    body = text.replace(REST, _REST).encode("latin-1")
    # Behind `return` nothing is taken for a declaration, as `f(p) * n;` would be.
    root = parse(b"int f(void)\n{\nreturn " + body + b";\n}\n").tree.root_node
    function = next(iter(root.named_children), None)
    block = function.child_by_field_name("body") if function is not None else None
    inside = children(block) if block is not None else []
    if not text or root.has_error or len(inside) != 1 or inside[0].type != "return_statement":
        return Pattern(text, None)
    node = children(inside[0])[0]
    typed = any((one.text or b"").decode("latin-1") in _WORDS for one in nodes(node, "identifier"))
    return Pattern(text, None if typed else node)


class _Wanted(NamedTuple):
    """A node of a pattern, read once: `operand` is which one it is, and `rest` says that `...`
    ends the arguments."""

    kind: str
    text: bytes
    operand: str
    inside: tuple[_Wanted, ...]
    rest: bool


@cache
def _wanted(node: Node) -> _Wanted:
    text = node.text or b""
    name = text.decode("latin-1")
    operand = node.type == "identifier" and _OPERAND.fullmatch(name) and not _called(node)
    rest = (node.type == "argument_list" and bool(node.named_children)
            and node.named_children[-1].text == _REST.encode())
    inside = children(node)[:-1] if rest else [one for one in node.children
                                               if one.type != "comment"]
    return _Wanted(node.type, text, name if operand else "", tuple(map(_wanted, inside)), rest)


def _fits(wanted: _Wanted, node: Node, found: dict[str, Node], rest: list[Node]) -> bool:
    """Whether a node is what a pattern's node says; notes what its operands are."""
    if node.type == "parenthesized_expression":
        node = bare(node)
    if wanted.operand:
        known = found.setdefault(wanted.operand, node)
        return known is node or known.text == node.text
    if wanted.kind != node.type:
        return False
    if wanted.rest:
        its = children(node)
        rest += its[len(wanted.inside):]
        return len(its) >= len(wanted.inside) and all(
            _fits(one, other, found, rest)
            for one, other in zip(wanted.inside, its, strict=False))
    if not wanted.inside:
        return wanted.text == node.text
    its = [one for one in node.children if one.type != "comment"]
    return len(wanted.inside) == len(its) and all(
        _fits(one, other, found, rest) for one, other in zip(wanted.inside, its, strict=True))


def _called(node: Node) -> bool:
    above = node.parent
    return above is not None and above.type == "call_expression"
