# SPDX-License-Identifier: GPL-2.0-only
"""Comments that name a renamed slot: kernel-doc lines, `@name`, `x->name` and `old_name` in prose.

A plain word, `page`, is the slot's name only beside a union's other member, and right before a
statement that is about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.convert import prose
from netmem_migrate.convert.naming import around
from netmem_migrate.flow.graph import Kind, Slot

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work


def mentions(work: Work) -> Iterator[tuple[str, int, int, bytes, str]]:
    """Edits (file, start, end, text, why) in comments. Plain words of prose are left alone."""
    if not work.new_names:
        return
    members = _unambiguous(work)
    gone = _gone(work)
    for file, parsed in work.analysis.symbols.files.items():
        if file not in work.analysis.driver.files:
            continue
        slots = [slot for slot in work.new_names if _spelled_in(slot, file)]
        bare = gone.get(file, [])
        if not slots and not members and not bare:
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
            yield from _bare(file, comment, text, bare)
    yield from _before_statements(work)


@dataclass(frozen=True, slots=True)
class _Gone:
    """A name that is no code any more in a range of a file, and what it is called now."""

    start: int
    end: int
    word: re.Pattern[bytes]
    new: bytes
    slot: Slot


def _gone(work: Work) -> dict[str, list[_Gone]]:
    """By file, the names of several words that no code has any more behind the change."""
    renamed: dict[tuple[str, int], str] = {}
    for slot, new in work.new_names.items():
        for place in slot.names:
            renamed[place.file, place.node.start_byte] = new
        for spelling in slot.spellings:
            if spelling.identifier is not None:
                renamed[spelling.file, spelling.identifier.start_byte] = new
    several = {slot: new for slot, new in work.new_names.items()
               if "_" in slot.short_name.strip("_")}
    if not several:
        return {}
    files = work.analysis.driver.files
    code = {file: code_of(work.analysis.sources[file]) for file in files}
    found: dict[str, list[_Gone]] = {}
    for slot, new in several.items():
        word = re.compile(rb"(?<![\w@>.])" + re.escape(slot.short_name.encode("latin-1")) + rb"\b")
        everywhere = slot.kind in (Kind.MEMBER, Kind.GLOBAL)
        where = ([(file, 0, len(code[file])) for file in files] if everywhere else
                 [around(one) for one in slot.spellings if one.file in code])
        uses = {(file, start, end): {renamed.get((file, match.start())) for match in
                                     _code(slot).finditer(code[file], start, end)}
                for file, start, end in where}
        if set().union(*uses.values()) != {new}:
            continue
        for file, start, end in (span for span, names in uses.items() if names):
            # What describes a function stands before it.
            begin = start if everywhere else _described(work, file, start)
            found.setdefault(file, []).append(
                _Gone(begin, end, word, new.encode("latin-1"), slot))
    return found


def _code(slot: Slot) -> re.Pattern[bytes]:
    name = re.escape(slot.short_name.encode("latin-1"))
    # Beginning with the name, not with a boundary, lets the search skip what is none.
    return re.compile(rb"%b(?<!\w%b)\b" % (name, name))


def _described(work: Work, file: str, start: int) -> int:
    """Where the comment begins that stands right before a function."""
    parsed = work.analysis.symbols.files.get(file)
    node = parsed.tree.root_node.descendant_for_byte_range(start, start) if parsed else None
    while node is not None and node.parent is not None and node.parent.type != "translation_unit":
        node = node.parent
    before = node.prev_named_sibling if node is not None else None
    return before.start_byte if before is not None and before.type == "comment" else start


def _bare(file: str, comment: Node, text: bytes,
          bare: Sequence[_Gone]) -> Iterator[tuple[str, int, int, bytes, str]]:
    for one in bare:
        if one.start <= comment.start_byte < one.end:
            for match in one.word.finditer(text):
                yield (file, comment.start_byte + match.start(), comment.start_byte + match.end(),
                       one.new, f"names {one.slot.name}")


def _before_statements(work: Work) -> Iterator[tuple[str, int, int, bytes, str]]:
    """A comment of its own, right before a statement about a slot that was called page.

    Not where the statement names a page that stays, or calls what takes one.
    """
    moved: dict[str, list[tuple[int, Slot]]] = {}
    stays: dict[str, list[int]] = {}
    for slot in work.analysis.graph.slots.values():
        for place in (*slot.names, slot.place):
            start = place.node.start_byte
            if not work.moves(slot):
                stays.setdefault(place.file, []).append(start)
            elif slot in work.new_names and slot.short_name.rpartition("_")[2] in ("page", "pages"):
                moved.setdefault(place.file, []).append((start, slot))
    for file, places in moved.items():
        parsed = work.analysis.symbols.files.get(file)
        if parsed is None or file not in work.analysis.driver.files:
            continue
        for comment in nodes(parsed.tree.root_node, "comment"):
            about = _statement(parsed.source, comment)
            if about is None:
                continue
            span = range(about.start_byte, about.end_byte)
            slots = [slot for start, slot in places if start in span]
            if not slots or any(start in span for start in stays.get(file, ())):
                continue
            text = parsed.source[comment.start_byte:comment.end_byte]
            many = all(slot.short_name.endswith("s") for slot in slots)
            for start, end, new in prose.pages(text, many, article=False):
                yield (file, comment.start_byte + start, comment.start_byte + end, new,
                       f"speaks of {slots[0].name}")


def _statement(source: bytes, comment: Node) -> Node | None:
    """What a comment that has its lines for itself says something about; of an `if`, its test."""
    line = source.rfind(b"\n", 0, comment.start_byte) + 1
    following = comment.next_named_sibling
    if source[line:comment.start_byte].strip() or following is None or \
            following.start_point[0] != comment.end_point[0] + 1:
        return None
    if following.type == "if_statement":
        return following.child_by_field_name("condition")
    return following if following.type in ("expression_statement", "return_statement") else None


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
