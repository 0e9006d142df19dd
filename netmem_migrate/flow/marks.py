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
from netmem_migrate.flow.times import times

_BIT = re.compile(rb"\s*(\w+)\s*=\s*(?:(?:1U?\s*<<\s*(\d+))|(?:BIT\s*\(\s*(\d+)\s*\))|0)\s*")
_TESTS = ("&", "==", "!=")
Writes = Sequence[tuple[Node, Node]]
"""What sets a member, and what has it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A member that says whose memory a record holds, the name that it is set to for the pool's,
    and the names of the same enumeration, none of which has a bit of another; `none` are those that
    have no bit at all."""

    member: bytes
    name: bytes
    others: frozenset[bytes]
    none: frozenset[bytes] = frozenset()

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
        here = {(where.name, view.text(value)) for where, value in _beside(node, base)
                if value.type == "identifier"}
        sets |= {value.id: view.text(value) for _, value in _beside(node, base)}
        found = here if found is None else found & here
    whole = []
    files = tuple(files)
    for member, name in sorted(found or ()):
        names = _bits(files, name)
        if names is None:
            continue
        tests = sum(_is_tested(node, member) for body in bodies if name in view.text(body)
                    for node in nodes(body, "identifier") if view.text(node) == name)
        said = times(name, code)
        own = sum(one == name for one in sets.values())
        if said == own + tests + 1:
            whole.append(Mark(member, name, *names))
    return whole[0] if len(whole) == 1 else None


def is_kept(found: Mark, stores: Iterable[tuple[Node, Node]], writes: Writes) -> bool:
    """Whether a mark goes with what is stored: each store of memory sets it as well, and nothing
    else does, but to a name that has no bit.

    `stores` are those of memory that is not NULL, `writes` all of the mark: what is set, and what
    has it.
    """
    marked: set[int] = set()
    for node, base in stores:
        beside = {where.node.id for where, _ in _beside(node, base) if where.name == found.member}
        if not beside:
            return False
        marked |= beside
    for node, _ in writes:
        pair = view.infix(node.parent)
        if pair is None or pair.sign != "=" or pair.left != node or (
                node.id not in marked and view.text(pair.right) not in found.none):
            return False
    return True


def _beside(node: Node, base: Node) -> list[tuple[view.Field, Node]]:
    """The members of the same record that are set in the block of a store, and to what."""
    statement = node.parent.parent if node.parent is not None else None
    block = statement.parent if statement is not None else None
    found = []
    for one in block.named_children if block is not None else ():
        pair = view.infix(one.named_children[0]) if one.named_children else None
        where = view.field(pair.left) if pair is not None and pair.sign == "=" else None
        if pair is not None and where is not None and squeezed(where.base) == squeezed(base):
            found.append((where, pair.right))
    return found


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


def _bits(files: Iterable[ParsedFile],
          name: bytes) -> tuple[frozenset[bytes], frozenset[bytes]] | None:
    """The other enumerators of an enumeration in which each is none or one bit, and no two are the
    same, and those that are none; None where a name is not one of such."""
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
            none = frozenset(one for one, bit in named.items() if bit is None)
            return (frozenset(named.keys() - {name}), none) if whole and named[name] else None
    return None
