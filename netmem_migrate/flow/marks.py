# SPDX-License-Identifier: GPL-2.0-only
"""The mark of a record: a member that is set to one name with the pool's pages, and never else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.flow.facts import Fact, squeezed

_BIT = re.compile(rb"\s*(\w+)\s*=\s*(?:(?:1U?\s*<<\s*(\d+))|(?:BIT\s*\(\s*(\d+)\s*\))|0)\s*")
_TESTS = ("&", "==", "!=")


@dataclass(frozen=True, slots=True)
class Mark:
    """A member that says whose memory a record holds, the name that it is set to for the pool's,
    and the names of the same enumeration, none of which has a bit of another."""

    member: bytes
    name: bytes
    others: frozenset[bytes]

    def says(self, fact: Fact, truth: bool) -> bool | None:
        """Whether a record holds the pool's memory where a test of the member was true, or was
        not; None where that says nothing."""
        if fact.member != self.member or not fact.mask or not fact.mask <= self.others | {
                self.name}:
            return None
        if self.name not in fact.mask:
            return False if truth else None
        if not truth:
            return False
        return True if len(fact.mask) == 1 else None


def mark(stores: Iterable[tuple[Node, Node]], bodies: Sequence[Node],
         files: Iterable[ParsedFile], code: Sequence[bytes]) -> Mark | None:
    """The mark of a record, by what stores the pool's pages: the member, and what has it.

    `bodies` are the functions of the driver, `files` what was parsed of it, and `code` the whole of
    its text. The name of a mark is set in the block of each such store, tested, an enumerator that
    is one bit, and nothing else.
    """
    found: set[tuple[bytes, bytes]] | None = None
    sets: dict[int, bytes] = {}
    for node, base in stores:
        statement = node.parent.parent if node.parent is not None else None
        block = statement.parent if statement is not None else None
        here: set[tuple[bytes, bytes]] = set()
        for one in block.named_children if block is not None else ():
            pair = view.infix(one.named_children[0]) if one.named_children else None
            where = view.field(pair.left) if pair is not None and pair.sign == "=" else None
            if pair is not None and where is not None and pair.right.type == "identifier" and \
                    squeezed(where.base) == squeezed(base):
                here.add((where.name, view.text(pair.right)))
                sets[pair.right.id] = view.text(pair.right)
        found = here if found is None else found & here
    whole = []
    files = tuple(files)
    for member, name in sorted(found or ()):
        others = _bits(files, name)
        tests = sum(_is_tested(node, member) for body in bodies
                    for node in nodes(body, "identifier") if view.text(node) == name)
        word = re.compile(rb"\b" + re.escape(name) + rb"\b")
        said = sum(len(word.findall(text)) for text in code)
        own = sum(one == name for one in sets.values())
        if others is not None and said == own + tests + 1:
            whole.append(Mark(member, name, others))
    return whole[0] if len(whole) == 1 else None


def _is_tested(node: Node, member: bytes) -> bool:
    """Whether a member is held against a name, or against a mask that has it."""
    test = node.parent
    while test is not None and test.type in ("binary_expression", "parenthesized_expression"):
        pair = view.infix(test)
        if pair is not None and pair.sign in _TESTS:
            return any(where is not None and where.name == member for where in (
                view.field(view.bare(pair.left)), view.field(view.bare(pair.right))))
        test = test.parent
    return False


def _bits(files: Iterable[ParsedFile], name: bytes) -> frozenset[bytes] | None:
    """The other enumerators of an enumeration in which each is none or one bit, and no two are the
    same; None where a name is not one of such."""
    for parsed in files:
        if name not in parsed.source:
            continue
        for node in nodes(parsed.tree.root_node, "enumerator_list"):
            parts = [one for one in code_of(parsed.text(node)).strip(b"{} \t\r\n").split(b",")
                     if one.strip()]
            values = [_BIT.fullmatch(one) for one in parts]
            named = {one[1]: one[2] or one[3] for one in values if one is not None}
            if name not in named:
                continue
            bits = [one for one in named.values() if one is not None]
            whole = len(named) == len(parts) and len(set(bits)) == len(bits)
            return frozenset(named.keys() - {name}) if whole and named[name] else None
    return None
