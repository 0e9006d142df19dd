# SPDX-License-Identifier: GPL-2.0-only
"""Kernel C as words, for searches that need no tree: each pattern stands here once.

They know nothing of comments and strings; who cares about those blanks them out first
(c/mask/text.py). Those without TEXT in their name search bytes.
"""

from __future__ import annotations

import re

# A name or a keyword.
WORD = re.compile(rb"[A-Za-z_]\w*")
TEXT_WORD = re.compile(WORD.pattern.decode())
# What is called, or a macro or keyword with a bracket behind it.
CALL = re.compile(rb"\b([A-Za-z_]\w*)\s*\(")
TEXT_CALL = re.compile(CALL.pattern.decode())
# `<` or a quote, and the name. A byte order mark may stand before the first.
INCLUDE = re.compile(
    rb'^(?:\xef\xbb\xbf)?[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.MULTILINE)
# Beginning with `#`, not with a line, lets the search skip what is none.
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?[ \t]*+")
_INCLUDE = re.compile(rb'#[ \t]*+include[ \t]*+(["<])([^">\n]++)[">]')
# A macro: its name, what it takes, and its body.
DEFINE = re.compile(rb"(?m)^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)]*\))?((?:\\\n|[^\n])*)")
# The name of a macro that is one no more.
UNDEF = re.compile(rb"(?m)^[ \t]*#[ \t]*undef[ \t]+(\w+)")
# Literals are one token each, operators one a character.
TEXT_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\w+|[^\w\s]')


_BETWEEN = bytes(one if re.match(rb"\w", bytes([one])) else 0x20 for one in range(256))
_DIGITS = b"0123456789"


def words(source: bytes) -> frozenset[bytes]:
    """All that WORD finds in a text."""
    found = set(source.translate(_BETWEEN).split())
    return frozenset(word for one in found
                     if (word := one.lstrip(_DIGITS) if one[0] in _DIGITS else one))


def include_lines(source: bytes) -> list[tuple[bytes, bytes]]:
    """The include lines of a text, in order: `<` or a quote, and the name."""
    lines: list[tuple[bytes, bytes]] = []
    end = 0
    for found in _INCLUDE.finditer(source):
        line = source.rfind(b"\n", end, found.start()) + 1
        if (line or not end) and _BEFORE.fullmatch(source, line, found.start()):
            lines.append((found[1], found[2]))
        end = found.end()
    return lines
