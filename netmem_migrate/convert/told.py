# SPDX-License-Identifier: GPL-2.0-only
"""Comments about what moved, whatever it is called: the calls made, and the slot's own comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.above import above
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import Definition, ParsedFile
from netmem_migrate.c.words import CALL, WORD
from netmem_migrate.convert import prose
from netmem_migrate.convert.naming import around, says_address
from netmem_migrate.convert.text import LIMIT, columns, line_end, line_start
from netmem_migrate.flow.graph import Kind, Spelling

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work

# File, start, end, text, why.
_Change = tuple[str, int, int, bytes, str]


def calls(work: Work) -> Iterator[_Change]:
    """Where a comment in or right before a function names a call that it makes no more.

    Only if each of its calls of that name was replaced, and by one and the same.
    """
    replaced = _replaced(work)
    for file, by_offset in replaced.items():
        parsed = work.analysis.symbols.files.get(file)
        if parsed is None or file not in work.analysis.driver.files:
            continue
        code = code_of(parsed.source)
        comments = nodes(parsed.tree.root_node, "comment")
        for function in parsed.functions():
            made: dict[bytes, set[bytes | None]] = {}
            for match in CALL.finditer(code, function.start, function.end):
                made.setdefault(match[1], set()).add(by_offset.get(match.start(1)))
            for old, news in made.items():
                new = next(iter(news))
                if new is None or len(news) > 1:
                    continue
                for comment in comments:
                    if _of_function(comment, function):
                        yield from _named(work, file, comment, function, old, new)


def own(work: Work) -> Iterator[_Change]:
    """What the comment of a declaration, and kernel-doc of a name, say that a moved slot holds."""
    for slot in work.analysis.graph.slots.values():
        if not work.moves(slot) or slot.kind in (Kind.CALL, Kind.RETURN):
            continue
        for spelling in slot.spellings:
            parsed = work.analysis.symbols.files.get(spelling.file)
            if parsed is None or spelling.file not in work.analysis.driver.files:
                continue
            name = _text(parsed, spelling)
            for comment in _beside(parsed, spelling, name):
                text = parsed.source[comment.start_byte:comment.end_byte]
                said = prose.segment(text, name)
                if said is None and b"@" in text:
                    continue
                begin, end = said or (0, len(text))
                # What stands before is no part of it, but keeps its place.
                part = b" " * begin + text[begin:end]
                found = [*prose.pages(part, _many(spelling), article=True)]
                if slot in work.new_names and says_address(slot.short_name):
                    found += prose.addresses(part)
                if not _fits(parsed.source, comment, found):
                    continue
                for start, stop, new in found:
                    yield (spelling.file, comment.start_byte + start, comment.start_byte + stop,
                           new, f"is about {slot.name}")


def _fits(source: bytes, comment: Node, changes: list[prose.Change]) -> bool:
    """Whether a comment behind code, which cannot be broken, stays within 80 columns."""
    start, end = line_start(source, comment.start_byte), line_end(source, comment.start_byte)
    if not source[start:comment.start_byte].strip():
        return True
    more = sum(len(new) - (stop - begin) for begin, stop, new in changes)
    return columns(source[start:end].rstrip(b"\r")) + more <= LIMIT


def _replaced(work: Work) -> dict[str, dict[int, bytes]]:
    """By file and offset of its name, the calls that are made by another name now."""
    graph = work.analysis.graph
    found: dict[str, dict[int, bytes]] = {}
    for call in graph.calls:
        if work.moves(call.slot):
            found.setdefault(call.place.file, {})[call.name.start_byte] = call.twin.netmem.encode()
    for use in graph.forms:
        form = work.analysis.target.choose(use.form) or use.form
        made = view.call(use.place.node)
        if work.moves(use.slot) and made is not None and made.name == form.call.encode() \
                and form.becomes.name not in ("", form.call):
            found.setdefault(use.place.file, {})[made.function.start_byte] = \
                form.becomes.name.encode()
    return found


def _named(work: Work, file: str, comment: Node, function: Definition, old: bytes,
           new: bytes) -> Iterator[_Change]:
    """Edits of a call in a comment; where it has arguments, of the slots that they name too."""
    text = work.analysis.sources[file][comment.start_byte:comment.end_byte]
    begin, why = comment.start_byte, f"{old.decode('latin-1')}() is not called here any more"
    names = {slot.short_name.encode("latin-1"): name.encode("latin-1")
             for slot, name in work.new_names.items()
             if (file, function.start, function.end) in map(around, slot.spellings)}
    for match in re.finditer(rb"(?<![\w@>.])" + re.escape(old) + rb"\b(?P<args>\([^()]*\))?", text):
        given = match.span("args") if match["args"] else (0, 0)
        words = [word for word in WORD.finditer(text, *given)
                 if text[word.start() - 1:word.start()] not in (b">", b".")]
        if any(word[0] in (b"page", b"pages") and word[0] not in names for word in words):
            continue
        yield file, begin + match.start(), begin + match.start() + len(old), new, why
        for word in words:
            if word[0] in names:
                yield file, begin + word.start(), begin + word.end(), names[word[0]], why


def _of_function(comment: Node, function: Definition) -> bool:
    if function.start <= comment.start_byte < function.end:
        return True
    following = comment.next_named_sibling
    return following is not None and comment.end_byte <= function.start and \
        following.start_byte <= function.start < following.end_byte


def _many(spelling: Spelling) -> bool:
    """Whether a declaration is of more than one: an array, or a pointer to where they are."""
    node: Node | None = spelling.declarator
    stars = 0
    while node is not None and node.type != "function_declarator":
        if node.type == "array_declarator":
            return True
        stars += node.type == "pointer_declarator"
        node = node.child_by_field_name("declarator")
    return stars > 1


def _beside(parsed: ParsedFile, spelling: Spelling, name: str) -> Iterator[Node]:
    """The comments of a declaration: on its line, on those right above it, and kernel-doc."""
    declaration = spelling.declaration
    if declaration.type != "parameter_declaration":
        if len(declaration.children_by_field_name("declarator")) == 1:
            yield from _near(parsed.source, declaration)
        if declaration.type == "declaration":
            return
    for owner in (declaration, *above(parsed.tree.root_node, declaration)):
        if owner.type in ("struct_specifier", "union_specifier", "function_definition",
                          "declaration", "type_definition"):
            before = owner.prev_named_sibling
            if before is not None and before.type == "comment" and prose.segment(
                    parsed.source[before.start_byte:before.end_byte], name) is not None:
                yield before


def _text(parsed: ParsedFile, spelling: Spelling) -> str:
    return parsed.text(spelling.identifier).decode("latin-1") if spelling.identifier else ""


def _near(source: bytes, declaration: Node) -> Iterator[Node]:
    before = declaration.prev_named_sibling
    if before is not None and before.type == "comment" and \
            before.end_point[0] == declaration.start_point[0] - 1 and \
            not source[source.rfind(b"\n", 0, before.start_byte) + 1:before.start_byte].strip():
        yield before
    after = declaration.next_named_sibling
    if after is not None and after.type == "comment" and \
            after.start_point[0] == declaration.end_point[0]:
        yield after
