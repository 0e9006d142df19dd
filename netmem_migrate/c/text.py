# SPDX-License-Identifier: GPL-2.0-only
"""Texts as tokens, and with parts replaced."""

from __future__ import annotations

from collections.abc import Iterable

from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.words import TEXT_TOKEN


def tokens(text: bytes) -> tuple[str, ...]:
    """What a compiler sees of a text, directives included, as far as that needs no preprocessor."""
    return tuple(TEXT_TOKEN.findall(without_comments(text).decode("latin-1")))


def replaced(text: bytes, edits: Iterable[tuple[int, int, bytes]]) -> bytes:
    """A text with other bytes in some places (start, end, bytes), in order and apart."""
    parts: list[bytes] = []
    position = 0
    for start, end, new in edits:
        parts += (text[position:start], new)
        position = end
    return b"".join((*parts, text[position:]))
