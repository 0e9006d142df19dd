# SPDX-License-Identifier: GPL-2.0-only
"""What a conversion leaves to whoever enables unreadable memory: places, as they will read.

A frag that is filled by its descriptor does not mark the skb unreadable, and an address is computed
with where it can be NULL. Neither is wrong while the pool gives pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import Definition, ParsedFile
from netmem_migrate.convert.work import Work
from netmem_migrate.model.kernel_calls import has, named
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import ADDRESS, MARK
from netmem_migrate.results import Readable, ReadableKind

_MARKS = re.compile(rb"(?:->|\.)\s*" + MARK.encode() + rb"\s*=(?!=)")
_NAMES = tuple(name.encode() for name in (*named(Trait.UNMARKED), ADDRESS))
_FEW = 20  # so many are looked up faster one by one than all identifiers are listed
_AROUND = frozenset({"parenthesized_expression", "cast_expression", "conditional_expression"})


def readable(work: Work) -> tuple[Readable, ...]:
    """Every such place in the driver, in order; lines are those before the conversion."""
    analysis = work.analysis
    written = {(call.place.file, call.name.start_byte): call.twin.netmem
               for call in analysis.graph.calls if work.moves(call.slot)}
    found: set[tuple[str, int, str, ReadableKind, str]] = set()
    for file in analysis.driver.files:
        parsed = analysis.symbols.files.get(file)
        if parsed is None:
            continue
        starts = [start for path, start in written if path == file]
        for function in parsed.functions() if starts or _says(parsed.masked) else ():
            if not any(function.start <= one < function.end for one in starts) and \
                    not _says(parsed.masked, function.start, function.end):
                continue
            for kind, node in _places(parsed, function, file, written):
                found.add((file, parsed.line_of(node.start_byte), function.name, kind,
                           _line(parsed.source, node.start_byte)))
    return tuple(Readable(*one) for one in sorted(found))


def _says(text: bytes, start: int = 0, end: int | None = None) -> bool:
    """Whether a text names, before the conversion, a call that is looked for."""
    return any(text.find(name, start, end) >= 0 for name in _NAMES)


def _places(parsed: ParsedFile, function: Definition, file: str,
            written: dict[tuple[str, int], str]) -> Iterator[tuple[ReadableKind, Node]]:
    marks = _MARKS.search(parsed.source, function.start, function.end) is not None
    for call in view.calls(function.node):
        name = written.get((file, call.function.start_byte), call.name.decode("latin-1"))
        if has(name, Trait.UNMARKED) and not marks:
            yield ReadableKind.UNMARKED, call.node
        elif name == ADDRESS:
            yield from ((ReadableKind.OFFSET, one) for one in _offsets(function.node, call.node))


def _offsets(function: Node, call: Node) -> Iterator[Node]:
    """Where something is added to an address: there, or to the variable that it is kept in."""
    if _computed(call):
        yield call
        return
    above = _above(call)
    name = b""
    if above is not None and above.type in ("init_declarator", "assignment_expression"):
        target = above.child_by_field_name(
            "declarator" if above.type == "init_declarator" else "left")
        name = view.text(target).lstrip(b"* ") if target is not None else b""
    for one in _named(function, name, call.end_byte + 1) if name else ():
        if _computed(one):
            yield one


def _named(function: Node, name: bytes, start: int) -> Iterator[Node]:
    """The identifiers of a name in a function, from a byte on."""
    text, at = view.text(function), function.start_byte
    places = [at + match.start() for match in re.compile(
        rb"\b" + re.escape(name) + rb"\b").finditer(text, start - at)]
    if len(places) > _FEW:
        yield from (one for one in nodes(function, "identifier")
                    if one.text == name and one.start_byte >= start)
        return
    for place in places:
        one = function.descendant_for_byte_range(place, place + len(name))
        if one is not None and one.type == "identifier" and one.text == name:
            yield one


def _computed(node: Node) -> bool:
    above = _above(node)
    if above is None:
        return False
    if above.type == "assignment_expression":
        operator = above.child_by_field_name("operator")
        left = above.child_by_field_name("left")
        return operator is not None and operator.type in ("+=", "-=") and left == node
    return above.type == "update_expression" or (
        (pair := view.infix(above)) is not None and pair.sign in ("+", "-"))


def _above(node: Node) -> Node | None:
    above = node.parent
    while above is not None and above.type in _AROUND:
        above = above.parent
    return above


def _line(source: bytes, offset: int) -> str:
    start = source.rfind(b"\n", 0, offset) + 1
    end = source.find(b"\n", offset)
    return source[start:end if end >= 0 else len(source)].strip().decode("utf-8", "replace")
