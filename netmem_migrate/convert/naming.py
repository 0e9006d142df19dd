# SPDX-License-Identifier: GPL-2.0-only
"""The names that moved slots get: a word that says page or address becomes netmem."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.types import Record
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
    given = _Given(analysis)
    # Of two that would be called the same it is the one that is called page now.
    slots = sorted((slot for slot in analysis.graph.slots.values()
                    if slot in analysis.solution.moved
                    and slot.kind not in (Kind.CALL, Kind.RETURN)),
                   key=lambda slot: slot.short_name.rpartition("_")[2] not in _PAGE)
    for slot in slots:
        name = new_name(slot.short_name)
        # A macro has its name wherever the word stands, a member's included.
        if name is not None and name not in macros \
                and not _taken(analysis, given, slot, name, code) and not given.meets(slot, name):
            chosen[slot] = name
            given.add(slot, name)
    return chosen


@dataclass
class _Old:
    """Where slots of one old name are that get one new name."""

    members: bool = False
    files: set[str] = field(default_factory=set)
    of_globals: set[str] = field(default_factory=set)
    functions: set[tuple[str, int, int]] = field(default_factory=set)


class _Given:
    """The names that were given so far, and the records that members are declared in."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._old: dict[str, dict[str, _Old]] = {}

    def add(self, slot: Slot, name: str) -> None:
        """A slot gets a name."""
        old = self._old.setdefault(name, {}).setdefault(slot.short_name, _Old())
        if slot.kind is Kind.MEMBER:
            old.members = True
            return
        files = _files(slot)
        old.files |= files
        if slot.kind is Kind.GLOBAL:
            old.of_globals |= files
        else:
            old.functions.update(around(one) for one in slot.spellings)

    def meets(self, slot: Slot, name: str) -> bool:
        """Whether a slot of another old name gets the name, where one would be made of two."""
        return any(self._meet(slot, other, old) for other, old in self._old.get(name, {}).items()
                   if other != slot.short_name)

    def _meet(self, slot: Slot, other: str, old: _Old) -> bool:
        if slot.kind is Kind.MEMBER:
            return old.members and _member_taken(self, slot, other)
        if slot.kind is Kind.GLOBAL:
            return not old.files.isdisjoint(_files(slot))
        return not old.of_globals.isdisjoint(_files(slot)) or \
            not old.functions.isdisjoint(around(one) for one in slot.spellings)

    @cached_property
    def records(self) -> dict[tuple[str, int, bytes], list[Record]]:
        """By the file, the place of the declaration, and the name of a member that moves."""
        names = {slot.short_name.encode() for slot in self._analysis.solution.moved
                 if slot.kind is Kind.MEMBER}
        found: dict[tuple[str, int, bytes], list[Record]] = {}
        for record in (one for several in self._analysis.symbols.records.values()
                       for one in several):
            for name in names.intersection(record.members):
                member = record.members[name]
                found.setdefault((member.file, member.declaration.start_byte, name),
                                 []).append(record)
        return found


def _taken(analysis: Analysis, given: _Given, slot: Slot, name: str,
           code: dict[str, bytes]) -> bool:
    if slot.kind is Kind.MEMBER:
        return _member_taken(given, slot, name)
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


def _member_taken(given: _Given, slot: Slot, name: str) -> bool:
    key = slot.place.file, slot.spellings[0].declaration.start_byte, slot.short_name.encode()
    return any(name.encode() in record.members for record in given.records.get(key, ()))


def around(spelling: Spelling) -> tuple[str, int, int]:
    """The file and the bytes of the function (or prototype) that declares a slot."""
    node = spelling.declaration
    while node.parent is not None and node.parent.type != "translation_unit":
        if node.type == "function_definition":
            break
        node = node.parent
    return spelling.file, node.start_byte, node.end_byte
