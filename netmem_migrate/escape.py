# SPDX-License-Identifier: GPL-2.0-only
"""Text from elsewhere, as it is shown to a person: nothing in it can move a cursor or hide a word.

What a machine reads (paths on stdout, diffs, JSON) is never changed.
"""

from __future__ import annotations

import re

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_LINE_END = re.compile(r"\r?\n|\t")


def shown(text: object) -> str:
    """One line: control characters, marks of direction and bytes that are no text are spelled out.
    """
    said = str(text)
    return said if said.isprintable() else "".join(
        one if one.isprintable() else _spelled(one) for one in said)


def shown_text(text: str) -> str:
    """The same of several lines, whose ends and tabs stay."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    found: list[str] = []
    at = 0
    for end in _LINE_END.finditer(text):
        found += [shown(text[at:end.start()]), end[0]]
        at = end.end()
    return "".join([*found, shown(text[at:])])


def _spelled(one: str) -> str:
    code = ord(one)
    if one in _SHORT:
        return _SHORT[one]
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # a byte that is no text (PEP 383)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
