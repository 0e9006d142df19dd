# SPDX-License-Identifier: GPL-2.0-only
"""What a patch does to frags that are sent: sets of the address that is kept, unmaps by it, and
nothing else."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import placed, tokens
from netmem_migrate.c.words import TEXT_TOKEN
from netmem_migrate.model.sent import (
    INCLUDE,
    NETMEM_OF_FRAG,
    RAW_UNMAP,
    RAW_UNMAP_ATTRS,
    READS,
    SET,
    UNMAP,
)
from netmem_migrate.model.spelled import KEEPS_ADDRESS

if TYPE_CHECKING:
    from tree_sitter import Node

_RAW = frozenset((RAW_UNMAP.encode(), RAW_UNMAP_ATTRS.encode()))
_PLAIN = frozenset(name.encode() for name, at in KEEPS_ADDRESS.items() if not at)
_INCLUDE = list(tokens(b"#include <%b>\n" % INCLUDE.encode()))
_ARROW = ("-", ">")
_BRANCHES = ("if_statement", "else_clause", "for_statement", "while_statement")


@dataclass(frozen=True, slots=True)
class Turned:
    """The sets that are new, and the unmaps that are turned, by file and call in the text after."""

    sets: tuple[tuple[str, view.Call], ...]
    unmaps: tuple[tuple[str, view.Call], ...]


def turned(before: Mapping[str, ParsedFile], after: Mapping[str, ParsedFile]) -> Turned | None:
    """The sets and unmaps of a patch; None where it does anything else."""
    sets: list[tuple[str, view.Call]] = []
    unmaps: list[tuple[str, view.Call]] = []
    for path, old in before.items():
        found = _Walk(old, after[path]).walk()
        if found is None:
            return None
        sets += ((path, one) for one in found[0])
        unmaps += ((path, one) for one in found[1])
    return Turned(tuple(sets), tuple(unmaps)) if sets or unmaps else None


def is_late(call: view.Call) -> bool:
    """Whether a set is of the netmem of a frag, and keeps what is kept already: for pages it is
    x = x."""
    if len(call.args) != 4:
        return False
    netmem, record, member, value = call.args
    to, name = _words(record), _words(member)
    spelled = [*to[1:], ".", *name] if to[:1] == ["&"] else [*to, *_ARROW, *name]
    return _is_of_frag(netmem) and \
        _words(value) in (spelled, ["(", *to, ")", *_ARROW, *name],
                          [READS, "(", *to, ",", *name, ")"])


def _is_of_frag(node: Node) -> bool:
    call = view.call(node)
    return call is not None and call.name == NETMEM_OF_FRAG.encode() and len(call.args) == 1


def _words(node: Node) -> list[str]:
    return TEXT_TOKEN.findall(without_comments(view.text(node)).decode("latin-1"))


class _Tokens:
    """The tokens of a text, and where each begins."""

    def __init__(self, text: bytes) -> None:
        found = placed(text)
        self.starts = [start for start, _ in found]
        self.words = [word for _, word in found]

    def at(self, offset: int) -> int:
        return bisect_left(self.starts, offset)


class _Walk:
    """Both texts, token by token."""

    def __init__(self, before: ParsedFile, after: ParsedFile) -> None:
        self.after = after.tree.root_node
        self.old = _Tokens(before.original)
        self.new = _Tokens(after.original)
        self.sets = dict(self._sets())
        self.unmaps = {self.new.at(one.node.start_byte): one
                       for one in view.calls(self.after) if one.name == UNMAP.encode()}
        self.raw = {self.old.at(one.node.start_byte): one
                    for one in view.calls(before.tree.root_node) if one.name in _RAW}
        self.plain = {self.old.at(one.node.start_byte): one
                      for one in view.calls(before.tree.root_node) if one.name in _PLAIN}
        self.blocks = dict(self._blocks())

    def _sets(self) -> Iterator[tuple[int, tuple[int, view.Call]]]:
        for one in view.calls(self.after):
            statement = one.node.parent
            if one.name == SET.encode() and statement is not None and \
                    statement.type == "expression_statement":
                yield self.new.at(statement.start_byte), (self.new.at(statement.end_byte), one)

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """The brackets of a block that holds one statement besides sets."""
        for block in nodes(self.after, "compound_statement"):
            inside = [one for one in view.children(block)
                      if self.new.at(one.start_byte) not in self.sets]
            if block.parent is not None and len(inside) == 1 and block.parent.type in _BRANCHES:
                yield self.new.at(block.start_byte), self.new.at(block.end_byte) - 1

    def walk(self) -> tuple[list[view.Call], list[view.Call]] | None:
        """The calls that are new; None where the texts differ in anything else."""
        sets: list[view.Call] = []
        unmaps: list[view.Call] = []
        old, new = self.old.words, self.new.words
        i, j, size = 0, 0, len(_INCLUDE)
        skipped: set[int] = set()
        while i < len(old) or j < len(new):
            here = old[i:i + 1] == new[j:j + 1]
            if j in skipped:
                j += 1
            elif i in self.raw and j in self.unmaps and self._is_turned(i, j):
                unmaps.append(self.unmaps[j])
                i = self.old.at(self.raw[i].node.end_byte)
                j = self.new.at(self.unmaps[j].node.end_byte)
            elif i in self.plain and j in self.sets and self._is_asked(i, j):
                sets.append(self.sets[j][1])
                i = self.old.at(self.plain[i].node.end_byte)
                j = self.new.at(self.sets[j][1].node.end_byte)
            elif j in self.sets and old[i:i + self.sets[j][0] - j] != new[j:self.sets[j][0]]:
                j, call = self.sets[j]
                if not is_late(call):
                    return None
                sets.append(call)
            elif new[j:j + size] == _INCLUDE != old[i:i + size]:
                j += size
            elif here:
                i, j = i + 1, j + 1
            elif j in self.blocks:
                skipped.add(self.blocks[j])
                j += 1
            else:
                return None
        return sets, unmaps

    def _is_asked(self, i: int, j: int) -> bool:
        """Whether a set is the one before, and is given the memory of a frag."""
        netmem, *new = self.sets[j][1].args
        return _is_of_frag(netmem) and list(map(_words, new)) == list(
            map(_words, self.plain[i].args))

    def _is_turned(self, i: int, j: int) -> bool:
        """Whether an unmap is a raw one with its name, and what that implies, spelled out."""
        raw, call = self.raw[i], self.unmaps[j]
        old, new = ([_words(one) for one in call.args] for call in (raw, call))
        return new == (old if raw.name == RAW_UNMAP_ATTRS.encode() else [*old, ["0"]])
