# SPDX-License-Identifier: GPL-2.0-only
"""Retype declarations: the specifier, one pointer, and the column of aligned members."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from netmem_migrate.convert.text import indent_of, width
from netmem_migrate.flow.graph import Kind, Spelling
from netmem_migrate.model.spelled import REF

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work

_Change = tuple[int, int, bytes]
_REF = REF.encode()


def retype(work: Work) -> Iterator[tuple[str, int, int, bytes]]:
    """Edits (file, start, end, text) that retype every declaration of a moved slot."""
    groups: dict[tuple[str, int], list[tuple[Spelling, Kind]]] = {}
    for slot in work.analysis.graph.slots.values():
        if work.moves(slot) and slot.kind is not Kind.CALL:
            for spelling in slot.spellings:
                key = (spelling.file, spelling.declaration.start_byte)
                groups.setdefault(key, []).append((spelling, slot.kind))
    for (file, _), group in sorted(groups.items(), key=lambda item: item[0]):
        source = work.analysis.sources[file]
        returned = [spelling for spelling, kind in group if kind is Kind.RETURN]
        held = [spelling for spelling, kind in group if kind is not Kind.RETURN]
        for spelling in returned:
            for change in _whole(source, spelling.declaration, [spelling.declarator]):
                yield (file, *change)
        if not held:
            continue
        declaration = held[0].declaration
        declarators = declaration.children_by_field_name("declarator")
        moved = {spelling.declarator.start_byte for spelling in held}
        chosen = [node for node in declarators if node.start_byte in moved]
        if len(chosen) == len(declarators):
            changes = _whole(source, declaration, chosen)
        else:
            changes = _split(source, declaration, declarators, moved)
        for change in changes:
            yield (file, *change)


def retype_descriptor(source: bytes, node: Node) -> Iterator[_Change]:
    """Edits that retype the type inside sizeof() or a cast."""
    specifier = node.child_by_field_name("type")
    inner = node.child_by_field_name("declarator")
    star = _star(inner) if inner is not None else None
    if specifier is None or star is None:
        return
    more = b" " if source[star.end_byte:star.end_byte + 1] == b"*" else b""
    yield specifier.start_byte, star.end_byte, _REF + more


def _star(node: Node | None) -> Node | None:
    """The `*` nearest to the specifier."""
    while node is not None:
        if node.type in ("pointer_declarator", "abstract_pointer_declarator"):
            return next((child for child in node.children if child.type == "*"), None)
        node = node.child_by_field_name("declarator")
    return None


def _qualifiers(source: bytes, declaration: Node, specifier: Node) -> Iterator[_Change]:
    """const on the page behind the pointer means nothing for a netmem_ref."""
    for child in declaration.children:
        if child.type == "type_qualifier" and \
                source[child.start_byte:child.end_byte] == b"const":
            if child.end_byte <= specifier.start_byte:
                yield child.start_byte, _after_space(source, child.end_byte), b""
            elif child.start_byte >= specifier.end_byte:
                yield specifier.end_byte, child.end_byte, b""


def _after_space(source: bytes, offset: int) -> int:
    while source[offset:offset + 1] in (b" ", b"\t"):
        offset += 1
    return offset


def _whole(source: bytes, declaration: Node, declarators: list[Node]) -> Iterator[_Change]:
    specifier = declaration.child_by_field_name("type")
    if specifier is None:
        return
    yield from _qualifiers(source, declaration, specifier)
    first = declarators[0]
    gap = source[specifier.end_byte:first.start_byte]
    aligned = b"\n" not in gap and (b"\t" in gap or len(gap) > 1) and not gap.strip()
    if aligned:
        column = width(source, first.start_byte)
        start = width(source, specifier.start_byte) + len(_REF)
        yield specifier.start_byte, first.start_byte, _REF + _padding(start, column, gap)
    else:
        yield specifier.start_byte, specifier.end_byte, _REF
    for index, declarator in enumerate(declarators):
        yield from _drop_star(source, declarator, specifier if index == 0 else None)


def _padding(start: int, column: int, gap: bytes) -> bytes:
    """White space from one column to another, with tabs where the driver used tabs."""
    if start >= column:
        return b" "
    if b"\t" not in gap:
        return b" " * (column - start)
    text = b""
    while start < column:
        step = 8 - start % 8
        if start + step > column:
            return text + b" " * (column - start)
        text += b"\t"
        start += step
    return text


def _drop_star(source: bytes, declarator: Node, specifier: Node | None) -> Iterator[_Change]:
    star = _star(declarator)
    if star is None:
        return
    start, end = star.start_byte, star.end_byte
    if source[end:end + 1] in (b"\n", b"\r", b",", b")"):
        while source[start - 1:start] in (b" ", b"\t"):
            start -= 1
        yield start, end, b""
    elif specifier is not None and start == specifier.end_byte:
        # `struct page* x`: the blank after the star separates the names.
        end_blank = source[end:end + 1] in (b" ", b"\t")
        yield start, end, b"" if end_blank else b" "
    else:
        yield start, _after_space(source, end), b""


def _split(source: bytes, declaration: Node, declarators: list[Node],
           moved: set[int]) -> Iterator[_Change]:
    """Split `struct page *a, *b;` where only some move; the order of the names is kept."""
    specifier = declaration.child_by_field_name("type")
    if specifier is None:
        return
    lead = source[declaration.start_byte:specifier.start_byte]
    old = source[specifier.start_byte:specifier.end_byte]
    indent = indent_of(source, declaration.start_byte)
    newline = b"\r\n" if b"\r\n" in source else b"\n"
    if declarators[0].start_byte in moved:
        yield specifier.start_byte, specifier.end_byte, _REF
    for index, declarator in enumerate(declarators):
        moves = declarator.start_byte in moved
        if index:
            previous = declarators[index - 1]
            if moves != (previous.start_byte in moved):
                kind = _REF if moves else old
                # What stands beside the comma, if anything, is a comment.
                note = source[previous.end_byte:declarator.start_byte].replace(b",", b"", 1).strip()
                yield (previous.end_byte, declarator.start_byte,
                       b";" + (b" " + note if note else b"") + newline
                       + indent + lead + kind + b" ")
        if moves:
            yield from _drop_star(source, declarator, None)
