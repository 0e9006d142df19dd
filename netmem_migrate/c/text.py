# SPDX-License-Identifier: GPL-2.0-only
"""Texts as tokens, and with parts replaced."""

from __future__ import annotations

import re
from collections.abc import Iterable

from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.words import TEXT_TOKEN

# A directive, with the lines that it goes on in.
_DIRECTIVE = re.compile(rb"(?m)^[ \t]*#(?:[^\n\\]|\\\r?\n|\\.)*$")
_END = b" \0 "


def tokens(text: bytes) -> tuple[str, ...]:
    """What a compiler sees of a text, directives included, as far as that needs no preprocessor.

    The end of a directive is a token.
    """
    code = without_comments(text)
    if b"#" in code:
        code = _DIRECTIVE.sub(lambda found: found[0] + _END, code)
    return tuple(TEXT_TOKEN.findall(code.decode("latin-1")))


def placed(text: bytes) -> list[tuple[int, str]]:
    """The same tokens, each with where it begins."""
    code = without_comments(text)
    found = [(one.start(), one[0]) for one in TEXT_TOKEN.finditer(code.decode("latin-1"))]
    found += [(one.end(), _END.decode().strip()) for one in _DIRECTIVE.finditer(code)]
    return sorted(found)


def replaced(text: bytes, edits: Iterable[tuple[int, int, bytes]]) -> bytes:
    """A text with other bytes in some places (start, end, bytes), in order and apart."""
    parts: list[bytes] = []
    position = 0
    for start, end, new in edits:
        parts += (text[position:start], new)
        position = end
    return b"".join((*parts, text[position:]))
