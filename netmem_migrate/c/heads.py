# SPDX-License-Identifier: GPL-2.0-only
"""How the function around a byte is called, where the parser cannot tell."""

from __future__ import annotations

import re

from netmem_migrate.c.words import WORD

_BRACE = re.compile(rb"[{}]")
_INNER = re.compile(rb"\([^()]*\)")
_ATTRIBUTE = re.compile(rb"__\w+__|__(?:attribute|printf|must|acquires|releases|section|aligned)")


def around(code: bytes, offset: int, macros: frozenset[bytes]) -> bytes:
    """The name in the head of the block around a byte of `code`, or b"" where there is none.

    A head that a macro makes is called by the macro's first argument.
    """
    opened: list[int] = []
    for brace in _BRACE.finditer(code, 0, offset):
        at = brace.start()
        if brace[0] == b"{":
            opened.append(at)
        elif at == 0 or code[at - 1:at] == b"\n":
            opened.clear()
        elif opened:
            opened.pop()
    if not opened:
        return b""
    head = code[code.rfind(b"}", 0, opened[0]) + 1:opened[0]]
    flat = head
    while (emptied := _INNER.sub(_empty, flat)) != flat:
        flat = emptied
    return _named(head, flat, macros)


def _empty(found: re.Match[bytes]) -> bytes:
    """A pair of parentheses as a mark of the same length that is not looked into again."""
    return b"[" + b" " * (len(found[0]) - 2) + b"]"


def _named(head: bytes, flat: bytes, macros: frozenset[bytes]) -> bytes:
    """The last name before a bracket; `flat` is the head with its outermost brackets emptied."""
    found = b""
    for match in re.finditer(rb"\b([A-Za-z_]\w*)\s*\[", flat):
        if match.start() < len(head) and head[match.end() - 1:match.end()] == b"(" and \
                not _ATTRIBUTE.match(match[1]):
            found = match[1]
            inside = WORD.match(head, match.end()) if found in macros else None
            if inside is not None:
                found = inside[0]
    return found
