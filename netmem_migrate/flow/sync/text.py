# SPDX-License-Identifier: GPL-2.0-only
"""What a patch does to syncs for the CPU: raw calls of which the pool's stand in the place, locals
that go with them, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced, tokens
from netmem_migrate.flow.sync.unused import Gone, unused
from netmem_migrate.model.spelled import RAW_RANGE, RAW_SINGLE, SYNC_NETMEM, SYNC_PAGE

if TYPE_CHECKING:
    from tree_sitter import Node

RAW = frozenset((RAW_RANGE.encode(), RAW_SINGLE.encode()))
POOLS = frozenset((SYNC_NETMEM.encode(), SYNC_PAGE.encode()))


@dataclass(frozen=True, slots=True)
class Pair:
    """A raw call before, and the pool's call after, in file `path`."""

    path: str
    raw: view.Call
    pool: view.Call


@dataclass(frozen=True, slots=True)
class Synced:
    """What a patch does so: the calls, and the text before with the pool's in their places, by
    file; locals are `held` in one, gone in the other. `called` are the functions whose calls go
    with the locals, by file."""

    pairs: tuple[Pair, ...]
    held: Mapping[str, bytes]
    spelled: Mapping[str, bytes]
    called: Mapping[str, frozenset[bytes]]


def synced(before: Mapping[str, ParsedFile], after: Mapping[str, ParsedFile]) -> Synced | None:
    """The syncs that a patch turns; None where it does anything else."""
    pairs: list[Pair] = []
    held: dict[str, bytes] = {}
    spelled: dict[str, bytes] = {}
    called: dict[str, frozenset[bytes]] = {}
    for path, old in before.items():
        mine = _pairs(path, old, after[path])
        if mine is None:
            return None
        pairs += mine
        turned = [(one.raw.node.start_byte, one.raw.node.end_byte,
                   after[path].original[one.pool.node.start_byte:one.pool.node.end_byte])
                  for one in mine]
        held[path] = replaced(old.original, turned)
        called[path] = fewer(old, after[path])
        gone = _gone(old, mine, called[path])
        wanted = tokens(after[path].original)
        texts = (replaced(old.original, sorted((*turned, *gone))), held[path])
        found = next((one for one in texts if tokens(one) == wanted), None)
        if found is None:
            return None
        spelled[path] = found
    return Synced(tuple(pairs), held, spelled, called) if pairs else None


def _pairs(path: str, before: ParsedFile, after: ParsedFile) -> list[Pair] | None:
    sides = [[one for one in view.calls(text.tree.root_node) if one.name in RAW | POOLS]
             for text in (before, after)]
    if len(sides[0]) != len(sides[1]):
        return None
    found: list[Pair] = []
    for one, other in zip(*sides, strict=True):
        if one.name in RAW and other.name in POOLS:
            found.append(Pair(path, one, other))
        elif one.name != other.name:
            return None
    return found


def fewer(before: ParsedFile, after: ParsedFile) -> frozenset[bytes]:
    """What is called less often after."""
    one, other = (Counter(call.name for call in view.calls(text.tree.root_node))
                  for text in (before, after))
    return frozenset((one - other).keys() - RAW)


def _gone(before: ParsedFile, pairs: list[Pair], called: frozenset[bytes]) -> list[Gone]:
    found: list[Gone] = []
    for function in nodes(before.tree.root_node, "function_definition"):
        mine: dict[Node, bytes] = {
            one.raw.node: view.text(one.pool.node) for one in pairs
            if function.start_byte <= one.raw.node.start_byte < function.end_byte}
        if mine:
            found += unused(before.original, function, mine, called)
    return found
