# SPDX-License-Identifier: GPL-2.0-only
"""The names that moved slots get: page becomes netmem where nothing else has that name."""

from __future__ import annotations

import re

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.graph import Kind, Slot

_PAGE_NAME = re.compile(r"^(?P<lead>\w+_)?page(?P<plural>s?)$")
_MACRO = re.compile(rb"#[ \t]*define[ \t]+(\w*netmems?)\b")


def new_name(name: str) -> str | None:
    """What a slot called `name` should be called, or None if the name says nothing of pages."""
    match = _PAGE_NAME.match(name)
    if match is None:
        return None
    return f"{match['lead'] or ''}netmem{match['plural']}"


def new_names(analysis: Analysis) -> dict[Slot, str]:
    """New names for every moved slot that has one and whose new name is free."""
    chosen: dict[Slot, str] = {}
    code: dict[str, bytes] = {}
    macros = {name.decode("latin-1") for text in analysis.sources.values()
              for name in _MACRO.findall(text)}
    for slot in analysis.graph.slots.values():
        if slot not in analysis.solution.moved or slot.kind in (Kind.CALL, Kind.RETURN):
            continue
        name = new_name(slot.short_name)
        # A macro has its name wherever the word stands, a member's included.
        if name is not None and name not in macros and not _taken(analysis, slot, name, code):
            chosen[slot] = name
    return chosen


def _taken(analysis: Analysis, slot: Slot, name: str, code: dict[str, bytes]) -> bool:
    if slot.kind is Kind.MEMBER:
        return _member_taken(analysis, slot, name)
    word = re.compile(rb"(?<![.\w])(?<!->)" + name.encode() + rb"\b")
    for spelling in slot.spellings:
        if spelling.file not in code:
            code[spelling.file] = code_of(analysis.sources[spelling.file])
        text = code[spelling.file]
        if slot.kind is Kind.GLOBAL:
            if word.search(text):
                return True
            continue
        start, end = _function_range(analysis, slot, spelling.file)
        if word.search(text, start, end):
            return True
    return False


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


def _function_range(analysis: Analysis, slot: Slot, file: str) -> tuple[int, int]:
    """The bytes of the function (or prototype) around a spelling of a slot."""
    spelling = next(one for one in slot.spellings if one.file == file)
    node = spelling.declaration
    while node.parent is not None and node.parent.type != "translation_unit":
        if node.type == "function_definition":
            break
        node = node.parent
    return node.start_byte, node.end_byte
