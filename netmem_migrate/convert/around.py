# SPDX-License-Identifier: GPL-2.0-only
"""Edits around what the target leaves out: a pass sees none of it, and it stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

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
    lines = [line for group in reading.groups if not group.decided for line in group.directives]
    for edit in edits:
        for start, end in lines:
            if edit.start < end and start < edit.end:
                line = line_of(source, start)
                raise InputError(f"{file}:{line}: this conditional cuts through an expression that "
                                 "would be converted; settle it with -D or -U")
    return [part for edit in edits for part in _parts(source, reading.left_out, edit)]


def _parts(source: bytes, left_out: Sequence[tuple[int, int]], edit: Edit) -> Iterator[Edit]:
    inside = [one for one in left_out if one[0] < edit.end and edit.start < one[1]]
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
