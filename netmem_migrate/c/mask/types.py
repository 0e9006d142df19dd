# SPDX-License-Identifier: GPL-2.0-only
"""Types where C wants an expression: `container_of(w, struct foo, m)`, `va_arg(ap, int)`."""

from __future__ import annotations

import re

from netmem_migrate.c.mask.text import PAREN, Text, after_directive, is_word, last, last_word
from netmem_migrate.c.mask.text import opening as opening_of
from netmem_migrate.c.mask.words import BASIC_TYPE, KEYWORDS

TYPE = (
    rb"(?:(?:const|volatile)\s++)*"
    rb"(?:(?:struct|union|enum)\s++\w++|"
    + BASIC_TYPE
    + rb"(?:\s++"
    + BASIC_TYPE
    + rb")*|\w++(?=\s*+\*))"
    rb"(?:\s*+(?:\*|const\b|volatile\b))*"
)
_ARGUMENT = re.compile(rb"[(,]\s*+(" + TYPE + rb")\s*+(?=[,)])")
_TYPEOF = re.compile(rb"ypeof(?:_unqual|_member)?(?:__)?\s*+(" + PAREN + rb")")
_ALIGNOF = re.compile(
    rb"lignof(?:__)?\s*+\((?!\s*+(?:(?:struct|union|enum)\b|" + BASIC_TYPE + rb"))"
)
_AUTO = re.compile(rb"auto(?<!\wauto)(?=[ \t]++\w++[ \t]*+=)")
_OFFSETOF = re.compile(
    rb"offsetof\s*+\(\s*+[\w\s]++,\s*+\w++\s*+([.\[][^,()]*+(?:" + PAREN + rb"[^,()]*+)*)\)"
)
_NOT_IN_STAND_IN = re.compile(rb"\*|\b(?:struct|union|enum|const|volatile)\b")
_BASIC = re.compile(BASIC_TYPE)


def types(text: Text) -> None:
    """Turn type operands and type arguments into identifiers.

    `typeof(x)` becomes one type name; in an argument, `struct`, `const` and `*` become spaces and
    `unsigned int` becomes `_nsigned_int`. The original bytes of the argument say what it was.
    """
    code = text.code
    if b"ypeof" in code:
        for m in _TYPEOF.finditer(code):
            _typeof(text, m.start(), m.end(), m.start(1))
    if b"lignof" in code:
        for m in _ALIGNOF.finditer(code):
            # tree-sitter-c takes no expression here; for sizeof it does
            start = _word_start(code, m.start())
            if m.end() - 1 - start >= 6:
                text.blank_code(start, m.end() - 1)
                text.put(start, b"sizeof")
    for m in _AUTO.finditer(code):
        # as a storage class it would leave the declaration without a type
        text.put(m.start(), b"aut_")
    if b"offsetof" in code:
        for m in _OFFSETOF.finditer(code):
            text.blank_code(*m.span(1))
    _arguments(text)


def stand_in(type_: bytes) -> bytes:
    """An identifier as long as the type: `struct foo *` gives `       foo  `."""
    left = _NOT_IN_STAND_IN.sub(lambda m: b" " * len(m[0]), type_)
    words = left.split()
    if not words or not _BASIC.fullmatch(words[0]):
        return left if words else type_
    start = left.index(words[0])
    end = start + len(words[0])
    if b"\n" not in type_:
        end = left.rindex(words[-1]) + len(words[-1])
    name = b"_" + re.sub(rb"\s", b"_", left[start + 1 : end])
    rest = left[end:] if b"\n" not in type_ else re.sub(rb"\S", b" ", left[end:])
    return left[:start] + name + rest


def is_type(text: bytes) -> bool:
    """Is this surely a type: a tag, a basic type, or anything with a star behind it?"""
    return re.fullmatch(rb"\s*+" + TYPE + rb"\s*+", text) is not None


def _word_start(code: bytearray, at: int) -> int:
    while at and is_word(code[at - 1]):
        at -= 1
    return at


def _typeof(text: Text, found: int, end: int, paren: int) -> None:
    code = text.code
    start = _word_start(code, found)
    if code[start:found].lstrip(b"_") != b"t":
        return
    if b"\n" in code[start:end]:
        text.blank_code(paren, end)
    else:
        text.put(start, re.sub(rb"\W", b"_", bytes(code[start:end])))


def _arguments(text: Text) -> None:
    code = text.code
    pos = 0
    # not finditer: the next match may start at the comma that ends this one
    while m := _ARGUMENT.search(code, pos):
        pos = m.end()
        paren = m.start()
        if code[paren] == 0x2C:
            paren = opening_of(code, paren)
            if paren < 0:
                continue
        if _is_call(code, paren):
            text.put(m.start(1), stand_in(bytes(m[1])))


def _is_call(code: bytearray, paren: int) -> bool:
    """Is this `(` that of a macro or function call, not of a cast, a keyword or a declarator?"""
    name = last_word(code, paren)
    if not name or name in KEYWORDS:
        return False
    before = last(code, last(code, paren) + 1 - len(name))
    if before < 0 or after_directive(code, before):
        return True
    inner = before
    while inner >= 0 and code[inner] in b"* \t\r\n":
        inner -= 1
    c = code[inner]
    if is_word(c):
        return last_word(code, inner + 1) in (b"return", b"else", b"case", b"do", b"static")
    if c == 0x29:
        # `(type)CALL(...)` and `if (x) CALL(...)`, but not `(type) *declarator(...)`
        return inner == before
    return c in b"=(,;{}!&|?:+-<>/%[~^"
