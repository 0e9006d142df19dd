# SPDX-License-Identifier: GPL-2.0-only
"""Comments that name a renamed slot: kernel-doc lines, `@name`, and `x->name` in prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.flow.graph import Kind, Slot

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work


def mentions(work: Work) -> Iterator[tuple[str, int, int, bytes, str]]:
    """Edits (file, start, end, text, why) in comments. Plain words of prose are left alone."""
    if not work.new_names:
        return
    members = _unambiguous(work)
    for file, parsed in work.analysis.symbols.files.items():
        if file not in work.analysis.driver.files:
            continue
        slots = [slot for slot in work.new_names if _spelled_in(slot, file)]
        if not slots and not members:
            continue
        for comment in nodes(parsed.tree.root_node, "comment"):
            source = parsed.source
            text = source[comment.start_byte:comment.end_byte]
            taken: set[int] = set()
            for slot in slots:
                if not _concerns(slot, file, comment):
                    continue
                for match in re.finditer(rb"@" + re.escape(slot.short_name.encode()) + rb"\b",
                                         text):
                    start = comment.start_byte + match.start() + 1
                    if start in taken:
                        continue
                    taken.add(start)
                    yield (file, start, comment.start_byte + match.end(),
                           work.new_names[slot].encode(), f"names {slot.name}")
            if b"union" in text:
                yield from _siblings(work, file, comment, text)
            for name, (new, slot) in members.items():
                for match in re.finditer(rb"(?<=\w)(?:->|\.)" + re.escape(name) + rb"\b(?!\()",
                                         text):
                    if match.group().startswith(b".") and not _code_like(text, match.start()):
                        continue
                    end = comment.start_byte + match.end()
                    yield file, end - len(name), end, new, f"names {slot.name}"


def _siblings(work: Work, file: str, comment: Node,
              text: bytes) -> Iterator[tuple[str, int, int, bytes, str]]:
    """Bare names in a comment about a union that names another of its members too."""
    words = set(re.findall(rb"\w+", text))
    for slot, new in work.new_names.items():
        name = slot.short_name.encode("latin-1")
        if slot.kind is not Kind.MEMBER or name not in words:
            continue
        if not any(words & (record.members.keys() - {name})
                   for records in work.analysis.symbols.records.values() for record in records
                   if name in record.members and record.members[name].declarator.node
                   == slot.spellings[0].declarator):
            continue
        for match in re.finditer(rb"(?<![\w@>.])" + re.escape(name) + rb"\b", text):
            start = comment.start_byte + match.start()
            yield (file, start, comment.start_byte + match.end(), new.encode("latin-1"),
                   f"names {slot.name}")
        return


def _code_like(text: bytes, dot: int) -> bool:
    """A dot between words is a member access only if no blank follows a sentence."""
    return text[dot + 1:dot + 2].isalpha() and not text[dot - 1:dot].isspace()


def _unambiguous(work: Work) -> dict[bytes, tuple[bytes, Slot]]:
    """Renamed members whose old name no other member of the driver has."""
    found: dict[bytes, tuple[bytes, Slot]] = {}
    names: dict[str, list[Slot]] = {}
    for slot in work.new_names:
        if slot.kind is Kind.MEMBER:
            names.setdefault(slot.short_name, []).append(slot)
    for name, slots in names.items():
        key = name.encode("latin-1")
        declared = {
            (member.file, member.declarator.node.start_byte)
            for records in work.analysis.symbols.records.values()
            for record in records
            for member in record.members.values() if member.name == key
        }
        if len(declared) == len(slots):
            found[key] = (work.new_names[slots[0]].encode("latin-1"), slots[0])
    return found


def _spelled_in(slot: Slot, file: str) -> bool:
    return any(spelling.file == file for spelling in slot.spellings)


def _concerns(slot: Slot, file: str, comment: Node) -> bool:
    """Whether a comment stands in, or right before, what declares the slot."""
    for spelling in slot.spellings:
        if spelling.file != file:
            continue
        owner = _owner(spelling.declaration, slot.kind)
        if owner is None:
            continue
        if owner.start_byte <= comment.start_byte < owner.end_byte:
            return True
        following = comment.next_named_sibling
        if following is not None and following.start_byte <= owner.start_byte and \
                owner.end_byte <= following.end_byte:
            return True
    return False


def _owner(node: Node, kind: Kind) -> Node | None:
    """The record or function that a declaration belongs to."""
    outermost: Node | None = None
    current: Node | None = node
    while current is not None:
        if kind is Kind.MEMBER and current.type in ("struct_specifier", "union_specifier"):
            outermost = current
        if kind is not Kind.MEMBER and (
                current.type == "function_definition"
                or (current.type == "declaration" and kind is Kind.PARAMETER)):
            return current
        current = current.parent
    return outermost
