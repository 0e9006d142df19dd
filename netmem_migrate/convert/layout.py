# SPDX-License-Identifier: GPL-2.0-only
"""Keep the shape: continuation lines under their parenthesis, and 80 columns.

Only lines that an edit touches, and lines that continue them, can move.
Follows Documentation/process/coding-style.rst.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.convert.text import apply, columns, indent_to, line_end, merge
from netmem_migrate.convert.wrap import BRACKETS, OPEN, Old, wrap
from netmem_migrate.results import Edit

_ID = "layout"
_WIDTH = 80


class _Line(NamedTuple):
    """A line of the original: where it starts and ends, and the bracket it continues."""

    start: int
    end: int
    text: int  # the first byte that is not white space
    opener: int | None


def rewrite(source: bytes, seen: bytes, edits: Sequence[Edit]) -> tuple[bytes, list[Edit]]:
    """The new text of one file, and the edits that made it before long lines were wrapped.

    `seen` is what the target has of it: other lines do not move.
    """
    edits = merge(edits)
    lines = _lines(seen)
    loose: set[int] = set()
    while True:
        aligned = merge([*edits, *_realign(seen, lines, edits, loose)])
        text, far = wrap(*_applied(source, aligned))
        if far <= loose:
            return text, aligned
        # A line that fits nowhere under its parenthesis stays where it was.
        loose |= far


def under(text: bytes) -> bytes:
    """A text of which each line that continues its first bracket stands under that."""
    lines = _lines(text)
    opener = next((line.opener for line in lines if line.opener is not None), None)
    if opener is None:
        return text
    column = columns(text[text.rfind(b"\n", 0, opener) + 1:opener]) + 1
    edits = [Edit("", line.start, line.text, indent_to(column), _ID) for line in lines
             if line.opener == opener and line.text < line.end]
    made = apply(text, edits)
    width = max(columns(one.rstrip(b"\r")) for one in made.split(b"\n")[:len(edits) + 1])
    return made if width <= _WIDTH else text


def _applied(source: bytes, edits: Sequence[Edit]) -> tuple[bytes, dict[int, Old]]:
    """The text after the edits, and what the lines (0-based) that they touched were."""
    parts: list[bytes] = []
    touched: dict[int, Old] = {}
    line = old = position = width = 0
    begin, was = 1, b"\n"
    for edit in edits:
        kept, gone = source[position:edit.start], source[edit.start:edit.end]
        line += kept.count(b"\n")
        old += kept.count(b"\n")
        if b"\n" in was or not begin <= edit.start <= edit.end <= begin + len(was):
            begin = source.rfind(b"\n", 0, edit.start) + 1
            was = source[begin:line_end(source, edit.end)]
            width = max(columns(one.rstrip(b"\r")) for one in was.split(b"\n"))
        for one in range(line, line + edit.text.count(b"\n") + 1):
            known = touched.get(one)
            touched[one] = Old(old, max(width, known.width if known else 0))
        line += edit.text.count(b"\n")
        old += gone.count(b"\n")
        parts += (kept, edit.text)
        position = edit.end
    parts.append(source[position:])
    return b"".join(parts), touched


def _lines(source: bytes) -> list[_Line]:
    code = code_of(source)
    lines: list[_Line] = []
    stack: list[int] = []
    start = 0
    opener: int | None = None

    def close(end: int) -> None:
        text = start
        while text < end and source[text] in b" \t":
            text += 1
        lines.append(_Line(start, end, text, opener))

    for match in BRACKETS.finditer(code):
        byte = code[match.start()]
        if byte == 10:
            close(match.start())
            start = match.end()
            opener = stack[-1] if stack and code[stack[-1]] in OPEN else None
        elif byte in b"([{":
            stack.append(match.start())
        elif stack:
            stack.pop()
    close(len(source))
    return lines


def _realign(source: bytes, lines: Sequence[_Line], edits: Sequence[Edit],
             loose: set[int]) -> list[Edit]:
    """Move continuation lines that stood under a bracket which an edit has moved.

    Those in `loose` (0-based) stay.
    """
    starts = [line.start for line in lines]
    begins = [edit.start for edit in edits]
    indents: dict[int, bytes] = {}
    touched = {bisect_right(starts, edit.start) - 1 for edit in edits}

    def column(offset: int) -> tuple[int, int]:
        """The column of an offset before and after."""
        index = bisect_right(starts, offset) - 1
        line = lines[index]
        old = columns(source[line.start:offset])
        first, last = bisect_left(begins, line.start), bisect_right(begins, offset)
        inside = [edit for edit in edits[first:last] if edit.end <= offset]
        text = apply(source[line.start:offset],
                     [Edit(e.file, e.start - line.start, e.end - line.start, e.text, e.transform)
                      for e in inside])
        if index in indents:
            text = indents[index] + text[line.text - line.start:]
        return old, columns(text[text.rfind(b"\n") + 1:])

    added: list[Edit] = []
    for index, line in enumerate(lines):
        if line.opener is None or line.text == line.end or index in loose:
            continue
        owner = bisect_right(starts, line.opener) - 1
        if owner not in touched and owner not in indents:
            continue
        old, new = column(line.opener)
        here = columns(source[line.start:line.text])
        # One column beside the bracket is meant to be under it.
        if abs(here - old - 1) > 1 or old == new:
            continue
        indent = indent_to(new + 1)
        before = bisect_left(begins, line.text) - 1
        if indent != source[line.start:line.text] and (
                before < 0 or edits[before].end <= line.start):
            indents[index] = indent
            added.append(Edit(edits[0].file, line.start, line.text, indent, _ID,
                              "continues a call that moved"))
    return added
