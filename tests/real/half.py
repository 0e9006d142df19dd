# SPDX-License-Identifier: GPL-2.0-only
"""Conversions by halves: hunks that are left out, members that nothing declares."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from real.seed_faults import Fault

from netmem_migrate.results import FileChange

KINDS = ("hunk dropped", "line dropped", "unknown member")
_CONTEXT = 3
_USE = re.compile(rb"(?:->|\.)(\w*netmems?)\b")


def lines_of(text: bytes) -> list[bytes]:
    """The lines of a file, with their ends."""
    return text.splitlines(keepends=True)


def hunks(before: bytes, after: bytes, context: int) -> list[list[tuple[int, int, int, int]]]:
    """What differs, as `diff` groups it: of each hunk its replaced and new lines, end excluded."""
    old, new = lines_of(before), lines_of(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if context == 0:
        return [[(i, j, k, m)] for tag, i, j, k, m in matcher.get_opcodes() if tag != "equal"]
    return [[(i, j, k, m) for tag, i, j, k, m in group if tag != "equal"]
            for group in matcher.get_grouped_opcodes(context)]


def dropped(before: bytes, after: bytes, context: int = _CONTEXT) -> Iterator[tuple[int, bytes]]:
    """The file with one hunk left out, for each: the line of the hunk, and the text."""
    old, new = lines_of(before), lines_of(after)
    for hunk in hunks(before, after, context):
        text: list[bytes] = []
        at = 0
        for i, j, k, m in hunk:
            text += new[at:k] + old[i:j]
            at = m
        yield hunk[0][2] + 1, b"".join(text + new[at:])


def unknown(after: bytes) -> Iterator[tuple[int, bytes]]:
    """The file with one use of a member spelled as nothing is declared."""
    for match in _USE.finditer(after):
        yield (after.count(b"\n", 0, match.start()) + 1,
               after[:match.end()] + b"_x" + after[match.end():])


def faults(change: FileChange) -> Iterator[Fault]:
    """Every hunk, and every stretch of lines, of a change left out, and every member misspelled."""
    made = (dropped(change.before, change.after), dropped(change.before, change.after, 0),
            unknown(change.after))
    for kind, several in zip(KINDS, made, strict=True):
        for line, text in several:
            shown = change.after.split(b"\n")[line - 1].strip().decode("utf-8", "replace")
            yield Fault(kind, change.path, line, "", text, shown)
