# SPDX-License-Identifier: GPL-2.0-only
"""Edits around what the target leaves out: a pass sees none of it, and it stays as it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter

from netmem_migrate.c.arms import Reading
from netmem_migrate.c.lines import line_of
from netmem_migrate.errors import InputError
from netmem_migrate.results import Edit


def around(file: str, source: bytes, reading: Reading, edits: Sequence[Edit]) -> list[Edit]:
    """The same edits, each in parts where it would take along what the target leaves out.

    Raises InputError for an edit that would take along the line of a conditional that nothing
    decides.
    """
    if not reading.groups:
        return list(edits)
    lines = sorted(line for group in reading.groups if not group.decided
                   for line in group.directives)
    ends = [end for _, end in lines]
    for edit in edits:
        for start, _ in _touched(lines, ends, edit):
            line = line_of(source, start)
            raise InputError(f"{file}:{line}: this conditional cuts through an expression that "
                             "would be converted; settle it with -D or -U")
    ends = [end for _, end in reading.left_out]
    return [part for edit in edits
            for part in _parts(source, _touched(reading.left_out, ends, edit), edit)]


def _touched(spans: Sequence[tuple[int, int]], ends: Sequence[int],
             edit: Edit) -> Sequence[tuple[int, int]]:
    """Those of some spans, in order and apart from each other, that an edit has bytes of."""
    first = bisect_right(ends, edit.start)
    return spans[first:bisect_left(spans, edit.end, first, key=itemgetter(0))]


def _parts(source: bytes, inside: Sequence[tuple[int, int]], edit: Edit) -> Iterator[Edit]:
    if not inside:
        yield edit
        return
    text = edit.text
    starts = (edit.start, *(end for _, end in inside))
    ends = (*(start for start, _ in inside), edit.end)
    for start, end in zip(starts, ends, strict=True):
        seen = source[start:end]
        if seen.strip():
            # The line of a directive stays one: white space around it is left.
            start += len(seen) - len(seen.lstrip()) if start != edit.start else 0
            end -= len(seen) - len(seen.rstrip()) if end != edit.end else 0
            yield replace(edit, start=start, end=end, text=text)
            text = b""
