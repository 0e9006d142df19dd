# SPDX-License-Identifier: GPL-2.0-only
"""Columns, indentation, and applying edits to bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netmem_migrate.c.text import replaced
from netmem_migrate.results import Edit

TAB = 8
LIMIT = 80
_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")
FAR = 100  # over it no line goes that was not


def columns(text: bytes, start: int = 0) -> int:
    """The column after `text`, if it begins at column `start`; tabs of 8."""
    if b"\t" not in text:
        return start + len(text)
    # Line ends are as wide as letters here; expandtabs() begins anew behind them.
    shown = text.translate(_LINE_ENDS) if b"\r" in text or b"\n" in text else text
    before = start % TAB
    return start - before + len((b" " * before + shown).expandtabs(TAB))


def line_start(source: bytes, offset: int) -> int:
    return source.rfind(b"\n", 0, offset) + 1


def line_end(source: bytes, offset: int) -> int:
    end = source.find(b"\n", offset)
    return len(source) if end < 0 else end


def width(source: bytes, offset: int) -> int:
    """The 0-based visual column of an offset."""
    return columns(source[line_start(source, offset):offset])


def indent_of(source: bytes, offset: int) -> bytes:
    """The white space at the start of an offset's line."""
    start = line_start(source, offset)
    end = start
    while source[end:end + 1] in (b" ", b"\t"):
        end += 1
    return source[start:end]


def indent_to(column: int) -> bytes:
    """Tabs, then spaces, up to a column."""
    return b"\t" * (column // TAB) + b" " * (column % TAB)


def merge(edits: Iterable[Edit]) -> list[Edit]:
    """Sort edits by place; the same edit given twice counts once.

    Raises ValueError if two edits overlap: that is a mistake of a pass.
    """
    ordered: list[Edit] = []
    for edit in sorted(dict.fromkeys(edits), key=lambda e: (e.start, e.end, e.text)):
        if edit.start == edit.end and not edit.text:
            continue
        last = ordered[-1] if ordered else None
        if last is not None and (last.start, last.end, last.text) == (
                edit.start, edit.end, edit.text) and edit.end > edit.start:
            continue
        if last is not None and edit.start < last.end:
            raise ValueError(f"{edit.file}: edits of {last.transform} and {edit.transform} "
                             f"overlap at byte {edit.start}")
        ordered.append(edit)
    return ordered


def apply(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Apply merged edits of one file."""
    return replaced(source, ((edit.start, edit.end, edit.text) for edit in edits))
