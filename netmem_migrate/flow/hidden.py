# SPDX-License-Identifier: GPL-2.0-only
"""What the reader cannot see: macros, and code that masking took from the parser.

A slot that is named there stays a page, so that after the conversion no use of it is left behind.
"""

from __future__ import annotations

import re

from netmem_migrate.c import view
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.words import WORD
from netmem_migrate.flow.graph import Kind, Place, Slot
from netmem_migrate.flow.slots import Slots
from netmem_migrate.reasons import Why

_FREE_WORD = re.compile(rb"(?<![.\w#])(?<!->)[A-Za-z_]\w*")


def block_hidden(slots: Slots) -> None:
    """Block members that are reached where the reader cannot look."""
    _unseen(slots)
    _in_macros(slots)
    by_name: dict[bytes, list[Slot]] = {}
    for slot in slots.graph.slots.values():
        if slot.kind is Kind.MEMBER:
            by_name.setdefault(slot.short_name.encode("latin-1"), []).append(slot)
    for name, members in by_name.items():
        for place in slots.graph.unresolved_members.get(name, ()):
            for slot in members:
                slots.graph.block(slot, Why.SAME_NAME, place)
        inside = re.compile(rb"(?:->|\.)\s*" + re.escape(name) + rb"\b")
        for macros in slots.symbols.macros.values():
            for macro in macros:
                # `#define alias page` is another name of the member.
                if inside.search(macro.body) or macro.body.strip() == name:
                    root = slots.symbols.files[macro.file].tree.root_node
                    node = root.descendant_for_byte_range(macro.body_start, macro.body_start + 1)
                    for slot in members:
                        slots.graph.block(slot, Why.MACRO_USES,
                                          Place(macro.file, node or root, ""),
                                          by=macro.name.decode())


def _unseen(slots: Slots) -> None:
    """Block slots that are named in code which masking took from the parser."""
    for file, parsed in slots.symbols.files.items():
        if file not in slots.own:
            continue
        code = code_of(parsed.source)
        hidden: list[int] = []
        start = 0
        for line, seen in zip(parsed.source.split(b"\n"), parsed.masked.split(b"\n"), strict=True):
            if line != seen:
                hidden += [match.start() for match in WORD.finditer(code, start, start + len(line))
                           if parsed.masked[match.start():match.end()] != match.group()]
            start += len(line) + 1
        if not hidden:
            continue
        words: dict[bytes, list[int]] = {}
        for start in hidden:
            match = WORD.match(code, start)
            if match is not None:
                words.setdefault(match.group(), []).append(start)
        root = parsed.tree.root_node
        for slot in list(slots.graph.slots.values()):
            for start in words.get(slot.short_name.encode("latin-1"), ()):
                member = code[:start].rstrip().endswith((b"->", b"."))
                if member == (slot.kind is Kind.MEMBER) and _in_scope(slots, slot, file, start):
                    node = root.descendant_for_byte_range(start, start + 1) or root
                    slots.graph.block(slot, Why.HIDDEN_ARM, Place(file, node, ""))


def _in_macros(slots: Slots) -> None:
    """Block what macros name: functions, globals, and locals of the functions that use them."""
    words: dict[bytes, set[bytes]] = {}
    places: dict[bytes, Place] = {}
    for name, macros in slots.symbols.macros.items():
        for macro in macros:
            root = slots.symbols.files[macro.file].tree.root_node
            node = root.descendant_for_byte_range(macro.body_start, macro.body_start + 1)
            places[name] = Place(macro.file, node or root, "")
            words.setdefault(name, set()).update(
                set(_FREE_WORD.findall(code_of(macro.body))) - macro.parameters)
    if not words:
        return
    users: dict[bytes, list[bytes]] = {}
    for name, used in words.items():
        for word in used:
            users.setdefault(word, []).append(name)
    for slot in list(slots.graph.slots.values()):
        if slot.kind in (Kind.PARAMETER, Kind.RETURN, Kind.GLOBAL):
            title = slot.short_name if slot.kind is Kind.GLOBAL else slot.place.function
            for macro_name in users.get(title.encode("latin-1"), ()):
                slots.graph.block(slot, Why.MACRO_REACHES, places[macro_name],
                                  by=macro_name.decode())
        if slot.kind in (Kind.PARAMETER, Kind.LOCAL):
            reached = _users(slot.short_name.encode("latin-1"), users)
            if reached:
                _captured(slots, slot, reached, places)


def _users(word: bytes, users: dict[bytes, list[bytes]]) -> set[bytes]:
    """Every macro that names `word`, or a macro that does."""
    found: set[bytes] = set()
    queue = [word]
    while queue:
        for name in users.get(queue.pop(), ()):
            if name not in found:
                found.add(name)
                queue.append(name)
    return found


def _captured(slots: Slots, slot: Slot, macros: set[bytes],
              places: dict[bytes, Place]) -> None:
    """Block a local that a macro used in its function names without being given it."""
    for spelling in slot.spellings:
        root = slots.symbols.files[spelling.file].tree.root_node
        node = view.function_around(spelling.declaration) or root
        source = slots.symbols.files[spelling.file].source
        for word in WORD.findall(source, node.start_byte, node.end_byte):
            if word in macros:
                slots.graph.block(slot, Why.MACRO_NAMES, places[word], by=word.decode())
                return


def _in_scope(slots: Slots, slot: Slot, file: str, offset: int) -> bool:
    """Whether a word at an offset could be the slot: anywhere, or in its own function."""
    if slot.kind in (Kind.MEMBER, Kind.GLOBAL):
        return True
    if slot.kind not in (Kind.LOCAL, Kind.PARAMETER):
        return False
    for spelling in slot.spellings:
        root = slots.symbols.files[spelling.file].tree.root_node
        node = view.function_around(spelling.declaration) or root
        if spelling.file == file and node.start_byte <= offset < node.end_byte:
            return True
    return False
