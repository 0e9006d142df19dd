# SPDX-License-Identifier: GPL-2.0-only
"""Annotations go: `__iomem`, `__aligned(2)`, `noinline` and their like."""

from __future__ import annotations

import re

from netmem_migrate.c.mask.text import PAREN, Text, byte_at, first, is_word, last_word
from netmem_migrate.c.mask.words import (
    ANNOTATIONS,
    ANNOTATIONS_WITH_ARGUMENTS,
    NOT_ANNOTATIONS,
    WORDS,
)

# Starts with a literal, looks back afterwards: `re` then skips to candidates at full speed.
_BY_NAME = re.compile(
    rb"__(?<!\w__)(?:(?:"
    + rb"|".join(sorted(ANNOTATIONS_WITH_ARGUMENTS, reverse=True))
    + rb")\s*+"
    + PAREN
    + rb"|(?:"
    + rb"|".join(sorted(ANNOTATIONS, reverse=True))
    + rb")\b(?!\s*+\())"
)
# `int __foo bar`, `void __foo *bar`: two words side by side are never an expression.
_BY_PLACE = re.compile(
    rb"__(?<=[\w*][ \t]__)(?!" + NOT_ANNOTATIONS + rb")\w++(?=[ \t]++(?:[A-Za-z_]|\*))"
)
_TAGS = (b"struct", b"union", b"enum")
_NO_TYPE = frozenset(
    b"struct union enum return case goto else sizeof static const extern volatile unsigned signed "
    b"typedef register inline do in".split()
)


def annotate(text: Text) -> None:
    """Blank annotations, their arguments included."""
    code = text.code
    if b"__" in code:
        for m in _BY_NAME.finditer(code):
            # `struct __packed {` is a tag, `struct __packed foo {` is not
            if last_word(code, m.start()) not in _TAGS or is_word(
                byte_at(code, first(code, m.end()))
            ):
                text.blank_code(*m.span())
        for m in _BY_PLACE.finditer(code):
            if last_word(code, m.start()) not in _NO_TYPE:
                text.blank_code(*m.span())
    for word in WORDS:
        at = code.find(word)
        while at >= 0:
            end = at + len(word)
            if not is_word(byte_at(code, at - 1)) and not is_word(byte_at(code, end)):
                text.blank_code(at, end)
            at = code.find(word, end)
