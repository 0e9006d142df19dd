# SPDX-License-Identifier: GPL-2.0-only
"""What stands at file scope in a unit, and what names what: functions, records with their values
(tables of operations), and uses of macros.

A name is a word of the code that is no member. What a macro of the unit says counts where the macro
is used; where a macro is another's, each name that may be pasted of what it is given counts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import in_all_arms
from netmem_migrate.c.mask.text import PAREN, code_of
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.symbols import exported
from netmem_migrate.c.words import DEFINE
from netmem_migrate.flow.judge.unit import Unit

_NAME = re.compile(r"(?<![\w.])(?<!->)[A-Za-z_]\w*")
_USE = re.compile(rb"\b[A-Za-z_]\w*\s*" + PAREN)
_TAG = re.compile(r"\b(?:struct|union|enum)\s+\w+")
_TYPES = ("type_definition", "struct_specifier", "union_specifier", "enum_specifier")


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One function, record, or use of a macro at file scope: `start` and `end` are bytes of its
    file, `type` is that of a record; `open` says that other modules are given its name."""

    file: str
    name: str
    start: int
    end: int
    type: str = ""
    static: bool = False
    function: bool = False
    open: bool = False


class Pieces:
    """All pieces of a unit, and which of them names which."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.by_file = {file: sorted(self._read(file, parsed), key=lambda one: one.start)
                        for file, parsed in unit.parsed.items()}
        self.all = [one for several in self.by_file.values() for one in several]
        self._code = {file: code_of(parsed.source) for file, parsed in unit.parsed.items()}

    def at(self, file: str, offset: int) -> Piece | None:
        """The piece in which a byte of a file stands."""
        several = self.by_file.get(file, ())
        number = bisect_right(several, offset, key=lambda one: one.start) - 1
        if number >= 0 and offset < several[number].end:
            return several[number]
        return None

    def words(self, piece: Piece) -> frozenset[str]:
        """The names that a piece says, those that its macros say among them."""
        return self._words[piece]

    def named(self, piece: Piece) -> Collection[Piece]:
        """The pieces that one names."""
        return self._named[piece]

    @cached_property
    def naming(self) -> dict[Piece, list[Piece]]:
        """The pieces that name one."""
        found: dict[Piece, list[Piece]] = {}
        for piece in self.all:
            for one in self._named[piece]:
                found.setdefault(one, []).append(piece)
        return found

    def _read(self, file: str, parsed: ParsedFile) -> Iterator[Piece]:
        kept: list[tuple[int, int]] = []
        lent = file in self.unit.lent
        said = exported(parsed.source)
        api = file.startswith("include/")
        for node in in_all_arms(parsed.tree.root_node):
            span = (node.start_byte, node.end_byte)
            static = any(one.type == "storage_class_specifier" and view.text(one) == b"static"
                         for one in node.children)
            if node.type == "function_definition":
                kept.append(span)
                name = view.declared(node.child_by_field_name("declarator"))
                if name is not None:
                    text = view.text(name)
                    yield Piece(file, text.decode("latin-1"), *span, static=static, function=True,
                                open=not lent and (api or text in said))
            elif node.type == "declaration" and not _is_use(node):
                kept.append(span)
                yield from (replace(one, open=not lent and one.name.encode("latin-1") in said)
                            for one in _records(file, node, static))
            elif node.type in _TYPES:
                kept.append(span)
        code = bytearray(code_of(parsed.source))
        for start, end in kept:
            code[start:end] = b" " * (end - start)
        for use in _USE.finditer(bytes(code)):
            yield Piece(file, use[0].decode("latin-1"), *use.span())

    # ------------------------------------------------------------ names

    @cached_property
    def _macros(self) -> dict[str, frozenset[str]]:
        """What each macro of the unit says, through others too."""
        bodies: dict[str, set[str]] = {}
        for text in self.unit.texts.values():
            for name, _, body in DEFINE.findall(text):
                bodies.setdefault(name.decode("latin-1"), set()).update(_names(body))
        found: dict[str, frozenset[str]] = {}
        for name in bodies:
            queue, seen = [name], {name}
            while queue:
                for word in bodies.get(queue.pop(), ()):
                    if word not in seen:
                        seen.add(word)
                        queue.append(word)
            found[name] = frozenset(seen)
        return found

    @cached_property
    def _words(self) -> dict[Piece, frozenset[str]]:
        found = {}
        for piece in self.all:
            words = set(_names(self._code[piece.file][piece.start:piece.end]))
            found[piece] = frozenset(words.union(
                *(self._macros[one] for one in words if one in self._macros)))
        return found

    @cached_property
    def _defined(self) -> dict[str, list[Piece]]:
        """The pieces by the names they define; a use of a macro may define what it is given."""
        found: dict[str, list[Piece]] = {}
        for piece in self.all:
            if not _uses_macro(piece):
                found.setdefault(piece.name, []).append(piece)
        for piece in self.all:
            for word in _given(piece):
                if not any(not _uses_macro(one) for one in found.get(word, ())):
                    found.setdefault(word, []).append(piece)
        return found

    @cached_property
    def _made(self) -> dict[str, list[Piece]]:
        """The names that nothing defines, with the uses of macros that may paste them together."""
        found: dict[str, list[Piece]] = {}
        for word in set().union(*self._words.values()) - self._defined.keys():
            made = [one for part in _parts(word) for one in self._defined.get(part, ())
                    if _uses_macro(one)]
            if made:
                found[word] = made
        return found

    @cached_property
    def _named(self) -> dict[Piece, set[Piece]]:
        return {piece: set(self._meant(piece)) - {piece} for piece in self.all}

    def _meant(self, piece: Piece) -> Iterator[Piece]:
        words = self._words[piece]
        for word in words & self._defined.keys():
            found = self._defined[word]
            own = [one for one in found if one.file == piece.file]
            yield from own or (one for one in found if not one.static or one.file.endswith(".h"))
        for word in words & self._made.keys():
            yield from self._made[word]
        if _uses_macro(piece):
            yield from self._pasted(piece)

    def _pasted(self, piece: Piece) -> Iterator[Piece]:
        """What a macro may name by pasting together: functions whose name goes on behind what it is
        given, or before."""
        for word in _given(piece):
            yield from self._by_part.get((piece.file, word), ())

    @cached_property
    def _by_part(self) -> dict[tuple[str, str], list[Piece]]:
        found: dict[tuple[str, str], list[Piece]] = {}
        for one in self.all:
            for part in _parts(one.name) if one.function else ():
                found.setdefault((one.file, part), []).append(one)
        return found


def _uses_macro(piece: Piece) -> bool:
    return not piece.function and not piece.type


def _given(piece: Piece) -> set[str]:
    """What a macro is given."""
    return set(_names(piece.name.encode("latin-1"))[1:]) if _uses_macro(piece) else set()


def _names(code: bytes) -> list[str]:
    return _NAME.findall(_TAG.sub(" ", code.decode("latin-1")))


def _parts(name: str) -> Iterator[str]:
    """What a name begins and ends with, at its underscores."""
    for number, char in enumerate(name):
        if char == "_" and 0 < number < len(name) - 1:
            yield name[:number]
            yield name[number + 1:]


def _is_use(node: Node) -> bool:
    """Whether what is read as a declaration may be the use of a macro: `NAME(argument);`."""
    declarator = node.child_by_field_name("declarator")
    return declarator is None or declarator.type == "parenthesized_declarator"


def _records(file: str, node: Node, static: bool) -> Iterator[Piece]:
    type_ = view.type_of(node)
    given = node.children_by_field_name("declarator")
    for declarator in given:
        name = view.declared(declarator)
        if declarator.type == "init_declarator" and name is not None:
            start = node.start_byte if len(given) == 1 else declarator.start_byte
            yield Piece(file, view.text(name).decode("latin-1"), start,
                        declarator.end_byte, static=static,
                        type=view.text(type_).decode("latin-1") if type_ is not None else "?")
