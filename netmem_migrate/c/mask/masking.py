# SPDX-License-Identifier: GPL-2.0-only
"""Make kernel C parsable without moving a byte.

tree-sitter-c knows C, not the kernel's macros. `mask()` replaces what it trips over by stand-ins
of the same length, so every offset in the tree is an offset into the original file. The rules are
lexical and live beside this module (mask_*.py); docs/parsing.md shows what becomes of what.
"""

from __future__ import annotations

import re

from netmem_migrate.c.mask.annotations import annotate
from netmem_migrate.c.mask.directives import conditionals, other_directives
from netmem_migrate.c.mask.macros import bare, locals_, members, statements, storage, top_level
from netmem_migrate.c.mask.text import PAREN, Text, closing, last, last_word
from netmem_migrate.c.mask.types import types

_CASE_RANGE = re.compile(rb"case\b(?<!\wcase)[^:;{}?]*?(\.\.\.)")
# `2K`, `10000baseT`: digits that run into letters and are no number
_BAD_NUMBER = re.compile(
    rb"[0-9](?<![\w.][0-9])[0-9]*+(?=[A-Za-z_])"
    rb"(?![uUlL]{1,3}\b|[eE][-+0-9]|[xX]|[bB][01]++\b|[fF]\b)\w++"
)
_CONDITION = re.compile(rb"if(?<!\wif)[ \t]++([A-Za-z_]\w*+)[ \t]*+\(")
_EMPTY_ARGUMENTS = (re.compile(rb",(?=\s*+[,)])"), re.compile(rb"\(,"))
_STRING_THEN_CALL = re.compile(rb'"\s*+([A-Za-z_]\w*+\s*+' + PAREN + rb")(?=\s*+[\",);])")
_CALL_THEN_STRING = re.compile(rb'\)(?=\s*+")')
_NAME_THEN_STRING = (re.compile(rb'"(?<=\w[ \t]")'), re.compile(rb'\n(?<=\w\n)\s*+"'))


def _tokens(text: Text) -> None:
    """Tokens no C has: case ranges, numbers for pasting, empty arguments."""
    code = text.code
    if b"..." in code:
        for m in _CASE_RANGE.finditer(code):
            text.put(m.start(1), b" - ")
    for m in _BAD_NUMBER.finditer(code):
        text.put(m.start(), re.sub(rb"\D", b"0", m[0]))
    for m in _CONDITION.finditer(code):
        text.blank_code(*m.span(1))
    for m in _EMPTY_ARGUMENTS[0].finditer(code):
        text.put(m.start(), b" ")
    for m in _EMPTY_ARGUMENTS[1].finditer(code):
        text.put(m.start() + 1, b" ")


def _strings(text: Text) -> None:
    """Strings glued from macros: what is not a literal goes, one literal is enough."""
    code = text.code
    for m in _STRING_THEN_CALL.finditer(code):
        text.blank_code(*m.span(1))
    for pattern in _NAME_THEN_STRING:
        for m in pattern.finditer(code):
            end = last(code, m.start()) + 1
            start = end - len(last_word(code, end))
            name = last_word(code, start)
            if name and code[last(code, last(code, start) + 1 - len(name))] in b"(,":
                text.blank_code(start, end)
    for m in _CALL_THEN_STRING.finditer(code):
        start = code.rfind(b"(", 0, m.start())
        while start >= 0 and closing(code, start) < m.start():
            start = code.rfind(b"(", 0, start)
        name = last_word(code, start)
        begin = last(code, start) + 1 - len(name)
        if name and code[last(code, begin)] in b"(,=":
            text.blank_code(begin, m.end())


def mask(source: bytes) -> bytes:
    """`source` with everything that tree-sitter-c cannot read replaced by same-length stand-ins.

    Line ends keep their offsets; comments, strings and character constants outside a replaced
    construct are untouched. Never raises: what is no C at all comes back much as it was.
    """
    text = Text(source)
    conditionals(text)
    annotate(text)
    _tokens(text)
    _strings(text)
    locals_(text)
    members(text)
    types(text)
    statements(text)
    top_level(text)
    bare(text)
    storage(text)
    other_directives(text)
    return bytes(text.out)
