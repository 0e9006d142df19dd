# SPDX-License-Identifier: GPL-2.0-only
"""Where, and how, a member is declared that a record gets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.types import Member
from netmem_migrate.c.words import include_lines
from netmem_migrate.convert.text import columns

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work

_WHOLES = ("struct_specifier", "union_specifier", "type_definition", "declaration",
           "function_definition")
_FIELDS = ("field_declaration_list", "struct_specifier", "union_specifier", "field_declaration")


def free_name(work: Work, names: Iterable[str]) -> str:
    """The first name that no member of anything has in the driver's files; "" for none."""
    texts = [parsed.source for parsed in work.analysis.symbols.files.values()]
    return next((name for name in names if not any(
        name.encode() in text and re.search(
            rb"(?:->|\.)\s*%b\b|\*\s*%b\s*;" % (name.encode(), name.encode()), text)
        for text in texts)), "")


def seeing(work: Work, file: str) -> list[str]:
    """The files of the driver that see what one declares, by the names of what they include."""
    texts = {one: work.analysis.originals[one] for one in work.analysis.driver.files
             if one in work.analysis.originals}
    included = {one: {name.rpartition(b"/")[2].decode("latin-1")
                      for _, name in include_lines(text)} for one, text in texts.items()}
    found = [file]
    for seen in found:
        name = seen.rpartition("/")[2]
        found += [one for one, names in included.items() if name in names and one not in found]
    return found


def newline(work: Work, file: str) -> bytes:
    """How lines of a file end."""
    return b"\r\n" if b"\r\n" in work.analysis.originals[file] else b"\n"


def told(work: Work, member: Member, anchor: Node, line: str) -> tuple[int, bytes] | None:
    """Where, and as what, a line comes into the kernel-doc comment of a record, behind the one that
    tells of a member; None for a record that has none."""
    found = entry(work.analysis.originals[member.file], anchor, member.name)
    if found is None:
        return None
    _, end, start = found
    return end, start + line.encode() + newline(work, member.file)


def above(anchor: Node) -> Node | None:
    """The comment in front of the record, or the function, that something stands in."""
    record, node = None, anchor  # an #ifndef around a header is none
    while node.parent is not None:
        record, node = node if node.type in _WHOLES else record, node.parent
    comment = record.prev_sibling if record is not None else None
    return comment if comment is not None and comment.type == "comment" else None


def entry(source: bytes, anchor: Node, name: bytes) -> tuple[int, int, bytes] | None:
    """What the kernel-doc comment of a record, or a function, tells of a member, or a parameter:
    where that starts and ends, and what its first line begins with; None where there is none."""
    comment = above(anchor)
    if comment is None:
        return None
    text = source[comment.start_byte:comment.end_byte]
    found = re.search(rb"(?m)^([ \t]*\*[ \t]*)@%b:[^\n]*\n(?:[ \t]*\*[ \t]*[^@\s/][^\n]*\n)*"
                      % name, text)
    if found is None:
        return None
    return comment.start_byte + found.start(), comment.start_byte + found.end(), found[1]


def end(work: Work, file: str, node: Node) -> int:
    """Where the line of a node ends, or the node, if something stands behind it."""
    source = work.analysis.originals[file]
    end = source.find(b"\n", node.end_byte)
    rest = source[node.end_byte:end].rstrip()
    alone = not rest or re.fullmatch(rb"\s*/\*(?:(?!\*/).)*\*/|\s*//.*", rest) is not None
    return node.end_byte + len(rest) if alone and end > 0 else node.end_byte


def anchor(declaration: Node) -> Node:
    """What a member is declared behind: its own declaration, or the anonymous union around it."""
    node = declaration
    while node.parent is not None and node.parent.type in _FIELDS:
        around = node.parent.parent
        if around is None or around.child_by_field_name("name") is not None or \
                around.parent is None or around.parent.type != "field_declaration":
            break
        node = around.parent
    return node


def declared(work: Work, member: Member, anchor: Node, name: str) -> bytes:
    """The declaration of a page, laid out as that of another member is."""
    source = work.analysis.originals[member.file]
    start = source.rfind(b"\n", 0, anchor.start_byte) + 1
    indent = source[start:anchor.start_byte]
    declarator = member.declarator.node
    line = source.rfind(b"\n", 0, declarator.start_byte) + 1
    gap = b" "
    if anchor == member.declaration and b"\t" in source[
            member.declaration.start_byte:declarator.start_byte]:
        wanted = columns(source[line:declarator.start_byte])
        text = indent + b"struct page\t"
        while columns(text) < wanted:
            text += b"\t"
        gap = text[len(indent) + len(b"struct page"):]
    named = view.declared(declarator) or declarator
    sizes = source[named.end_byte:declarator.end_byte]  # as many as there are of the other
    return indent + b"struct page" + gap + b"*" + name.encode() + sizes + b";"
