# SPDX-License-Identifier: GPL-2.0-only
"""Reverse christmas tree: a block of declarations that was in order stays in order.

Follows Documentation/process/maintainer-netdev.rst. Only declarations that the conversion changed
move, and none moves past one that its initialiser needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.lines import line_of
from netmem_migrate.c.parse import ParsedFile, parse
from netmem_migrate.c.words import WORD
from netmem_migrate.convert.text import columns, line_end, line_start
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

_ACTS = ("call_expression", "assignment_expression", "update_expression", "gnu_asm_expression")


@dataclass(frozen=True, slots=True)
class _Item:
    start: int
    end: int
    length: int
    names: frozenset[bytes]
    needs: frozenset[bytes]
    text: bytes
    acts: bool = False  # its initialisers do more than compute a value


def keep_order(before: ParsedFile, parsed: ParsedFile) -> bytes:
    """The text of `parsed` with its declaration blocks in the order that `before` kept.

    Functions are matched by their place in the file: a conversion adds and removes none.
    """
    old = list(_blocks(before))
    new = list(_blocks(parsed))
    if len(old) != len(new):
        return parsed.original
    after = bytearray(parsed.original)
    for was, now in reversed(list(zip(old, new, strict=True))):
        if not was or [one.text for one in was] == [one.text for one in now]:
            continue
        if not _ordered(was) or _ordered(now):
            continue
        known = {one.text for one in was}
        arranged = _arrange(now, known)
        if arranged is not None and _ordered(arranged):
            after[now[0].start:now[-1].end] = b"".join(one.text for one in arranged)
    return bytes(after)


def disordered(before: bytes, after: bytes) -> list[tuple[int, bool]]:
    """Changed declaration blocks of `after` that were in order and are not any more.

    For each its 1-based line, and whether only moving lines would sort it: where an initialiser
    needs another one it has to move into the code.
    """
    old = list(_blocks(parse(before)))
    new = list(_blocks(parse(after)))
    matched = old if len(old) == len(new) else [[] for _ in new]
    known = {tuple(one.text for one in block) for block in old}
    found = []
    for was, now in zip(matched, new, strict=True):
        texts = tuple(one.text for one in now)
        if not now or texts in known or _ordered(now) or not _ordered(was):
            continue
        arranged = _arrange(now, {one.text for one in was})
        found.append((line_of(after, now[0].start), arranged is not None))
    return found


def _ordered(items: list[_Item]) -> bool:
    return all(one.length >= other.length for one, other in pairwise(items))


def _arrange(items: list[_Item], known: set[bytes]) -> list[_Item] | None:
    result = [one for one in items if one.text in known]
    if not _ordered(result):
        return None
    for item in (one for one in items if one.text not in known):
        position = next((index for index, one in enumerate(result)
                         if one.length < item.length), len(result))
        result.insert(position, item)
    seen: set[bytes] = set()
    every = {name for one in items for name in one.names}
    for one in result:
        if (one.needs & every) - seen - one.names:
            return None
        seen |= one.names
    if [one for one in result if one.acts] != [one for one in items if one.acts]:
        return None
    return result


def _acts(source: bytes, value: Node) -> bool:
    for kind in _ACTS:
        for node in nodes(value, kind):
            name = node.child_by_field_name("function")
            if name is None or not has(source[name.start_byte:name.end_byte],
                                           Trait.PURE):
                return True
    return False


def _blocks(parsed: ParsedFile) -> Iterator[list[_Item]]:
    """The declaration blocks at the head of every compound statement, in order of the file."""
    for node in nodes(parsed.tree.root_node, "compound_statement"):
        yield _block(parsed.source, node)


def _block(source: bytes, node: Node) -> list[_Item]:
    items: list[_Item] = []
    # One by one: most have none, and a node that is kept would keep the list of all.
    for child in map(node.named_child, range(node.named_child_count)):
        if child is None or child.type != "declaration":
            break
        start = line_start(source, child.start_byte)
        end = line_end(source, child.end_byte) + 1
        if source[start:child.start_byte].strip() or source[child.end_byte:end].strip():
            return []
        if items and items[-1].end != start:
            break
        names: set[bytes] = set()
        needs: set[bytes] = set()
        acts = False
        for declarator in child.children_by_field_name("declarator"):
            value = declarator.child_by_field_name("value")
            inner = declarator.child_by_field_name("declarator") if value else declarator
            if inner is not None:
                names.update(WORD.findall(source, inner.start_byte, inner.end_byte))
            if value is not None:
                needs.update(WORD.findall(source, value.start_byte, value.end_byte))
                acts = acts or _acts(source, value)
        first = source[start:line_end(source, start)]
        items.append(_Item(start, end, columns(first), frozenset(names), frozenset(needs),
                           source[start:end], acts))
    return items
