# SPDX-License-Identifier: GPL-2.0-only
"""The closing rule: what moves is named nowhere but where the reader met it.

It knows no shape of code. Of each slot that could move, every place in the driver's text that has
its name is held against what the reader met there. A function whose head could not be read, code
inside a macro's argument, a file of another suffix that is included: where the name stands in
anything else than a declaration, the slot stays a page.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import heads, view
from netmem_migrate.c.above import above
from netmem_migrate.c.mask.text import closing, code_of, code_with_defines
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.symbols import Symbols
from netmem_migrate.c.words import CALL
from netmem_migrate.flow.graph import Kind, Place, Slot, reach
from netmem_migrate.flow.outside import ReadUses
from netmem_migrate.flow.slots import Slots
from netmem_migrate.reasons import Why

_MEMBER = re.compile(rb"(?:->|\.)[\s\\]*\Z")
_TAG_OR_LABEL = re.compile(rb"\b(?:struct|union|enum|goto)[\s\\]+\Z")
_EXPORT = re.compile(rb"\bEXPORT_SYMBOL\w*\s*\(\s*\Z")
# A name that a line ends in the middle of.
_SPLICED = re.compile(rb"(?<!\w)\w++(?:\\\r?\n\w++)+")
_IN_NAME = re.compile(rb"\\(?<=\w\\)\r?\n(?=\w)")
_WORD = re.compile(rb"\w+")
_BEFORE = 80
_LONGEST = 4000
_NAMING = frozenset({
    "parameter_declaration", "declaration", "init_declarator", "pointer_declarator",
    "array_declarator", "function_declarator", "parenthesized_declarator", "attributed_declarator",
    "field_declaration", "type_definition", "function_definition", "enumerator",
    "labeled_statement", "struct_specifier", "union_specifier", "enum_specifier"})


def candidates(slots: Slots) -> list[Slot]:
    """The slots that hang together with an allocation of the pool, and that nothing blocks yet."""
    graph = slots.graph
    starts = [call.slot for call in graph.calls if call.twin.allocates]
    return [slot for slot in reach(starts, graph.near()) if slot.kind is not Kind.CALL
            and all(one.readable for one in graph.blockers.get(slot, ()))]


def block_unread(slots: Slots) -> None:
    """Block slots that the driver's own text names where the reader did not look."""
    found = candidates(slots)
    for file, parsed in slots.symbols.files.items():
        if file in slots.own and found:
            text = _Text(slots, file, parsed)
            for slot in found:
                _block(text, slot)


def block_borrowed(slots: Slots, texts: Mapping[str, bytes], read_uses: ReadUses) -> None:
    """Block members that files use which the driver includes, and which are not its own.

    What has another suffix than C has is a piece of a file, and read by nobody.
    """
    found = candidates(slots)
    for file, data in texts.items():
        named = [slot for slot in found if slot.short_name.encode("latin-1") in data
                 or slot.place.function.encode("latin-1") in data]
        if not named:
            continue
        parsed = slots.symbols.texts.parse(data)
        if not file.endswith((".c", ".h")):
            text = _Text(slots, file, parsed)
            for slot in named:
                _block(text, slot)
            continue
        there = Symbols(unread=dict(slots.symbols.unread), texts=slots.symbols.texts)
        for path, known in {**slots.symbols.files, file: parsed}.items():
            there.add(path, known)
        uses = read_uses(there, file, slots.own | {file})
        for key, slot in slots.graph.slots.items():
            line = uses.get(key) or uses.get((slot.short_name.encode("latin-1"),))
            if slot in named and slot.kind is Kind.MEMBER and line:
                slots.graph.block(slot, Why.USED_MEMBER, slot.place, other=f"{file}:{line}")


def _block(text: _Text, slot: Slot) -> None:
    """Block a slot at the first place that nothing accounts for."""
    graph = text.slots.graph
    for place, macro in text.given(slot):
        graph.block(slot, Why.MACRO_GIVEN, place, by=macro.decode("latin-1"))
        return
    for offset in text.unread(slot):
        place = text.place(offset)
        inside = heads.around(code_of(text.parsed.source), offset,
                              frozenset(text.slots.symbols.macros))
        macro = text.hiding(offset)
        if macro:
            graph.block(slot, Why.MACRO_GIVEN, place, by=macro.decode("latin-1"))
        elif text.masked(offset):
            graph.block(slot, Why.HIDDEN_ARM, place)
        elif inside:
            graph.block(slot, Why.UNREAD_IN, place, by=inside.decode("latin-1"))
        else:
            graph.block(slot, Why.UNREAD, place)
        return


class _Text:
    """The text of one file, and where the reader met the names in it."""

    def __init__(self, slots: Slots, file: str, parsed: ParsedFile) -> None:
        self.slots = slots
        self.file = file
        self.parsed = parsed
        self.seen = slots.graph.seen.get(file, set())
        self.macros = [(macro.body_start, macro.body_start + len(macro.body))
                       for macros in slots.symbols.macros.values()
                       for macro in macros if macro.file == file]
        self._places: dict[bytes, list[int]] = {}

    @cached_property
    def code(self) -> bytes:
        """The code, less comments and strings; bodies of macros are there."""
        return code_with_defines(self.parsed.source)

    @cached_property
    def spliced(self) -> dict[bytes, int]:
        """Names that go on in the next line, and where they begin."""
        if _IN_NAME.search(self.code) is None:  # found quicker by what they have
            return {}
        return {re.sub(rb"\\\r?\n", b"", match[0]): match.start()
                for match in _SPLICED.finditer(self.code)}

    def places(self, name: bytes) -> list[int]:
        """Where a name stands as a word of its own."""
        if name not in self._places:
            # Beginning with the name, not with a boundary, lets the search skip what is none.
            word = re.compile(rb"%b(?<!\w%b)\b" % (name, name)) if _WORD.fullmatch(name) else None
            self._places[name] = [one.start() for one in word.finditer(self.code)
                                  ] if word is not None else []
        return self._places[name]

    @cached_property
    def hidden_calls(self) -> list[tuple[int, int, bytes]]:
        """What the parser was shown without the name in front of the bracket, and that name."""
        code, masked = self.code, self.parsed.masked
        found: list[tuple[int, int, bytes]] = []
        for call in CALL.finditer(code):
            if masked[call.start(1):call.end(1)] != call[1] and not call[1].startswith(b"__") \
                    and not self._in_macro(call.start()) and not self._in_hidden_arm(call):
                end = closing(bytearray(code[call.end() - 1:call.end() + _LONGEST]), 0)
                found.append((call.end(), call.end() + max(end, 0), call[1]))
        return found

    def _in_hidden_arm(self, call: re.Match[bytes]) -> bool:
        """Whether a call is hidden with all the arm of a conditional that it stands in."""
        return call[1] not in self.slots.symbols.macros and self.masked(call.end() - 1) and bool(
            self.slots.symbols.texts.arms.read(self.parsed.source).around(call.start()))

    def given(self, slot: Slot) -> Iterator[tuple[Place, bytes]]:
        """Where a macro that the parser was not shown is given the slot."""
        places = [one for one in slot.names if one.file == self.file]
        for start, end, name in self.hidden_calls if places else ():
            for place in places:
                if start <= place.node.start_byte < end:
                    yield place, name

    def hiding(self, at: int) -> bytes:
        """The macro, not shown to the parser, in whose arguments a byte stands; or b""."""
        return next((name for start, end, name in self.hidden_calls if start <= at < end), b"")

    def unread(self, slot: Slot) -> Iterator[int]:
        """Where the slot's name, or its function's, stands without having been read."""
        named = slot.short_name
        if slot.kind is Kind.RETURN:
            named = slot.place.function
        yield from self._unread(named.encode("latin-1"), slot)
        if slot.kind is Kind.PARAMETER:
            yield from self._unread(slot.place.function.encode("latin-1"), slot, calls=True)

    def _unread(self, name: bytes, slot: Slot, *, calls: bool = False) -> Iterator[int]:
        if not name or (name not in self.parsed.source and name not in self.spliced):
            return
        if name in self.spliced:
            yield self.spliced[name]
        local = slot.kind in (Kind.LOCAL, Kind.PARAMETER) and not calls
        for start, end in self._ranges(slot) if local else ((0, len(self.code)),):
            places = self.places(name)
            for at in places[bisect_left(places, start):bisect_left(places, end)]:
                if at not in self.seen and self._counts(at, slot):
                    yield at

    def _ranges(self, slot: Slot) -> Iterator[tuple[int, int]]:
        """The bytes of the function of a local or a parameter, less its head."""
        for spelling in slot.spellings:
            if spelling.file != self.file:
                continue
            around = view.function_around(self.parsed.tree.root_node, spelling.declaration)
            body = around.child_by_field_name("body") if around is not None else None
            if body is not None:
                yield body.start_byte, body.end_byte

    def _counts(self, at: int, slot: Slot) -> bool:
        """Whether the name can stand for the slot where nothing was read."""
        before = self.code[max(at - _BEFORE, 0):at]
        if _MEMBER.search(before):
            return slot.kind is Kind.MEMBER and not self._in_macro(at)
        if _TAG_OR_LABEL.search(before) or self._in_macro(at):
            return False
        line = self.code.rfind(b"\n", 0, at) + 1
        start = self.code[line:at].lstrip()
        if start.startswith(b"#") or _EXPORT.search(before):
            return False
        if self.masked(at):
            return True
        node = self.node(at)
        word = _WORD.match(self.code, at)
        if node.type.endswith("identifier") and word is not None and node.end_byte > word.end():
            return True  # inside of what the parser was shown as one name, such as typeof(page)
        return not self._declares(node)

    def _in_macro(self, at: int) -> bool:
        """Whether this is the body of a macro, which flow/hidden.py looks at."""
        return any(start <= at < end for start, end in self.macros)

    def masked(self, at: int) -> bool:
        """Whether the parser was not shown the byte."""
        return self.parsed.masked[at] != self.parsed.source[at]

    def node(self, at: int) -> Node:
        root = self.parsed.tree.root_node
        return root.descendant_for_byte_range(at, at + 1) or root

    def place(self, at: int) -> Place:
        return Place(self.file, self.node(at), "", self.parsed.line_of(at))

    def _declares(self, node: Node) -> bool:
        """Whether a node is what a declaration names, or a type, in code that was parsed whole."""
        around = above(self.parsed.tree.root_node, node)
        if node.type in ("type_identifier", "statement_identifier"):
            return not _broken([node, *around])
        if not around or around[0].type not in _NAMING or _broken([node, *around]):
            return False
        return node not in (around[0].child_by_field_name("value"),
                            around[0].child_by_field_name("size"))


def _broken(around: Iterable[Node]) -> bool:
    """Whether the declaration around has a fault."""
    for one in around:
        if one.type in ("compound_statement", "translation_unit", "field_declaration_list"):
            break
        if one.type == "ERROR" or (one.type in ("declaration", "field_declaration",
                                                "type_definition") and one.has_error):
            return True
    return False
