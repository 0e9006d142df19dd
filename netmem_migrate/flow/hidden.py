# SPDX-License-Identifier: GPL-2.0-only
"""What the reader cannot see: what macros name, and members of records that nobody defines.

A slot that is named there stays a page, so that after the conversion no use of it is left behind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from netmem_migrate.c import view
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.pasted import pasted
from netmem_migrate.c.words import WORD
from netmem_migrate.flow.graph import Kind, Place, Slot, reach
from netmem_migrate.flow.slots import Slots
from netmem_migrate.model.records import is_kernel_record
from netmem_migrate.reasons import Why

_FREE_WORD = re.compile(rb"(?<![.\w#])(?<!->)[A-Za-z_]\w*")
# What stands behind these words is a tag, no name.
_NAME = re.compile(rb"(?:\b(?:struct|union|enum)\s+)?[A-Za-z_]\w*")


def block_hidden(slots: Slots) -> None:
    """Block members that are reached where the reader cannot look."""
    places = _in_macros(slots)
    by_name: dict[bytes, list[Slot]] = {}
    for slot in slots.graph.slots.values():
        if slot.kind is Kind.MEMBER:
            by_name.setdefault(slot.short_name.encode("latin-1"), []).append(slot)
    _of_unknown_records(slots, by_name)
    named = _named_by_macros(slots, by_name)
    for name, members in by_name.items():
        for place in slots.graph.unresolved_members.get(name, ()):
            for slot in members:
                slots.graph.block(slot, Why.SAME_NAME, place)
        for macro in named.get(name, ()):
            for slot in members:
                slots.graph.block(slot, Why.MACRO_USES, places[macro], by=macro.decode("latin-1"))


def _named_by_macros(slots: Slots, names: Mapping[bytes, list[Slot]]) -> dict[bytes, list[bytes]]:
    """The macros whose bodies have the name of a member, or paste it together."""
    found: dict[bytes, list[bytes]] = {}
    for macro_name, macros in slots.symbols.macros.items():
        words: set[bytes] = set()
        for macro in macros:
            words |= set(_NAME.findall(code_of(macro.body))) - macro.parameters
            # A parameter of that name is another member for each who uses the macro.
            words |= {one for one in macro.parameters & names.keys()
                      if re.search(rb"(?:->|\.)\s*" + one + rb"\b", macro.body)}
        for name in sorted(words & names.keys()):
            found.setdefault(name, []).append(macro_name)
    for name, macro_name in pasted(slots.symbols, frozenset(names)):
        found.setdefault(name, []).append(macro_name)
    return found


def _of_unknown_records(slots: Slots, by_name: Mapping[bytes, list[Slot]]) -> None:
    """Block members that are named on a record that nobody defines: it may be theirs."""
    for (name, macro), place in slots.graph.macro_members.items():
        for slot in by_name.get(name, ()):
            slots.graph.block(slot, Why.MACRO_SPELLS, place, by=macro.decode("latin-1"))
    for (name, tag), place in slots.graph.foreign_members.items():
        members = by_name.get(name)
        if members and not is_kernel_record(tag) and not slots.outside.defines(tag):
            for slot in members:
                slots.graph.block(slot, Why.UNKNOWN_RECORD, place, by=tag)


def _in_macros(slots: Slots) -> dict[bytes, Place]:
    """Block what macros name: functions, globals, and locals of the functions that use them.

    Gives the place of each macro.
    """
    words: dict[bytes, set[bytes]] = {}
    places: dict[bytes, Place] = {}
    for name, macros in slots.symbols.macros.items():
        for macro in macros:
            root = slots.symbols.files[macro.file].tree.root_node
            node = root.descendant_for_byte_range(macro.body_start, macro.body_start + 1)
            places[name] = Place(macro.file, node or root, "")
            words.setdefault(name, set()).update(
                set(_FREE_WORD.findall(code_of(macro.body))) - macro.parameters)
    users: dict[bytes, list[bytes]] = {}
    for name, used in words.items():
        for word in used:
            users.setdefault(word, []).append(name)
    for slot in list(slots.graph.slots.values()) if words else ():
        if slot.kind in (Kind.PARAMETER, Kind.RETURN, Kind.GLOBAL):
            title = slot.short_name if slot.kind is Kind.GLOBAL else slot.place.function
            for macro_name in users.get(title.encode("latin-1"), ()):
                slots.graph.block(slot, Why.MACRO_REACHES, places[macro_name],
                                  by=macro_name.decode())
        if slot.kind in (Kind.PARAMETER, Kind.LOCAL):
            # Every macro that names the slot, or a macro that does.
            reached = set(reach(users.get(slot.short_name.encode("latin-1"), ()), users))
            if reached:
                _captured(slots, slot, reached, places)
    return places


def _captured(slots: Slots, slot: Slot, macros: set[bytes],
              places: dict[bytes, Place]) -> None:
    """Block a local that a macro used in its function names without being given it."""
    for spelling in slot.spellings:
        root = slots.symbols.files[spelling.file].tree.root_node
        node = view.function_around(root, spelling.declaration) or root
        source = slots.symbols.files[spelling.file].source
        for word in WORD.findall(source, node.start_byte, node.end_byte):
            if word in macros:
                slots.graph.block(slot, Why.MACRO_NAMES, places[word], by=word.decode())
                return
