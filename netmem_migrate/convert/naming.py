# SPDX-License-Identifier: GPL-2.0-only
"""The names that moved slots get: a word that says page or address becomes netmem."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.flow.graph import Kind, Slot, Spelling

if TYPE_CHECKING:
    from netmem_migrate.flow.analyse import Analysis

# Words between underscores. A netmem is no address of memory that the CPU can read.
_ADDRESS = r"(?:[vk]?addrs?|address(?:es)?|vas?|virt|virtual)"
_SAYS = re.compile(rf"(?<![^_])(?:(?:pages?|{_ADDRESS})_)*(?:pages?|{_ADDRESS})(?![^_])")
_PAGE = frozenset({"page", "pages"})
_PLURAL = re.compile(r"pages|[vk]?addrs|addresses|vas")
# With one of these words it is an address of another kind, and the slot is not called after a page.
_OTHER = frozenset({"dma", "phys", "bus", "iova", "mac", "hw"})
_MACRO = re.compile(rb"#[ \t]*define[ \t]+(\w*netmem\w*)")


def new_name(name: str) -> str | None:
    """What a slot called `name` should be called, or None if the name can stay.

    `page` at its end is what it holds, and any word that says address; those side by side are one.
    """
    words = name.split("_")
    for match in _SAYS.finditer(name):
        said = match[0].split("_")
        pages = all(word in _PAGE for word in said)
        if match.end() == len(name) if pages else _OTHER.isdisjoint(words):
            new = "netmems" if _PLURAL.fullmatch(said[-1]) else "netmem"
            return name[:match.start()] + new + name[match.end():]
    return None


def says_address(name: str) -> bool:
    """Whether a name is changed since it says that the slot is an address."""
    return any(not _PAGE.issuperset(match[0].split("_")) for match in _SAYS.finditer(name)) \
        and _OTHER.isdisjoint(name.split("_"))


def new_names(analysis: Analysis) -> dict[Slot, str]:
    """New names for every moved slot that has one and whose new name is free."""
    chosen: dict[Slot, str] = {}
    code: dict[str, bytes] = {}
    macros = {name.decode("latin-1") for text in analysis.sources.values()
              for name in _MACRO.findall(text)}
    # Of two that would be called the same it is the one that is called page now.
    slots = sorted((slot for slot in analysis.graph.slots.values()
                    if slot in analysis.solution.moved
                    and slot.kind not in (Kind.CALL, Kind.RETURN)),
                   key=lambda slot: slot.short_name.rpartition("_")[2] not in _PAGE)
    for slot in slots:
        name = new_name(slot.short_name)
        # A macro has its name wherever the word stands, a member's included.
        if name is not None and name not in macros and not _taken(analysis, slot, name, code) \
                and not _claimed(analysis, slot, name, chosen):
            chosen[slot] = name
    return chosen


def _claimed(analysis: Analysis, slot: Slot, name: str, chosen: Mapping[Slot, str]) -> bool:
    """Whether a slot of another old name gets the name, where both could be meant."""
    return any(_meet(analysis, slot, other) for other, new in chosen.items()
               if new == name and other.short_name != slot.short_name)


def _meet(analysis: Analysis, slot: Slot, other: Slot) -> bool:
    """Whether one name for both would make of two things one."""
    if (slot.kind is Kind.MEMBER) != (other.kind is Kind.MEMBER):
        return False
    if slot.kind is Kind.MEMBER:
        return _member_taken(analysis, slot, other.short_name)
    if Kind.GLOBAL in (slot.kind, other.kind):
        return not _files(slot).isdisjoint(_files(other))
    return not {around(one) for one in slot.spellings}.isdisjoint(
        around(one) for one in other.spellings)


def _taken(analysis: Analysis, slot: Slot, name: str, code: dict[str, bytes]) -> bool:
    if slot.kind is Kind.MEMBER:
        return _member_taken(analysis, slot, name)
    word = re.compile(rb"(?<![.\w])(?<!->)" + name.encode() + rb"\b")
    if slot.kind is Kind.GLOBAL:
        spans = [(file, 0, len(analysis.sources[file])) for file in _files(slot)]
    else:
        spans = [around(one) for one in slot.spellings]
    for file, start, end in spans:
        if file not in code:
            code[file] = code_of(analysis.sources[file])
        if word.search(code[file], start, end):
            return True
    return False


def _files(slot: Slot) -> set[str]:
    """Where a global is declared, and where it is used."""
    return {one.file for one in slot.spellings} | {one.file for one in slot.names}


def _member_taken(analysis: Analysis, slot: Slot, name: str) -> bool:
    old = slot.short_name.encode()
    for records in analysis.symbols.records.values():
        for record in records:
            member = record.members.get(old)
            if member is None or member.file != slot.place.file or \
                    member.declaration.start_byte != slot.spellings[0].declaration.start_byte:
                continue
            if name.encode() in record.members:
                return True
    return False


def around(spelling: Spelling) -> tuple[str, int, int]:
    """The file and the bytes of the function (or prototype) that declares a slot."""
    node = spelling.declaration
    while node.parent is not None and node.parent.type != "translation_unit":
        if node.type == "function_definition":
            break
        node = node.parent
    return spelling.file, node.start_byte, node.end_byte
