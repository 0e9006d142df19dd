# SPDX-License-Identifier: GPL-2.0-only
"""A changed file as hunks with reasons and the unchanged lines between them.

The hunks are those of `git diff`, so that the page shows what the patch will. Edits are known by
their offsets in the file before the conversion; each is told at the hunk that holds its line, or
at the nearest one where only a line of layout has moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from markupsafe import Markup

from netmem_migrate.git.diff import diff
from netmem_migrate.pages.code import Line, html_of, lines_after, lines_of, text_of
from netmem_migrate.pages.words import differing
from netmem_migrate.results import Edit, FileChange

_HEADER = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines side by side; `old` and `new` are the first line's numbers on either side.

    A block that is not `changed` has one list of lines, which both sides show.
    """

    old: int
    new: int
    before: tuple[Markup, ...]
    after: tuple[Markup, ...]
    changed: bool


@dataclass(frozen=True, slots=True)
class Note:
    """Why lines of the file before changed."""

    transform: str
    why: str
    lines: tuple[int, ...]

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """The lines as first and last of each run."""
        runs: list[tuple[int, int]] = []
        for line in self.lines:
            if runs and runs[-1][1] == line - 1:
                runs[-1] = (runs[-1][0], line)
            else:
                runs.append((line, line))
        return runs


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk of the diff: git's header, the function's head, and the reasons."""

    old: int
    old_count: int
    new: int
    new_count: int
    heading: str
    blocks: tuple[Block, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Unchanged lines between hunks; `left_out` counts lines that the page does not hold."""

    old: int
    new: int
    lines: tuple[Markup, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class FileView:
    """A changed file: gaps and hunks in order of lines."""

    path: str
    parts: tuple[Hunk | Gap, ...]
    added: int
    removed: int

    @property
    def hunks(self) -> list[Hunk]:
        """The hunks alone."""
        return [part for part in self.parts if isinstance(part, Hunk)]


@dataclass(frozen=True, slots=True)
class _Raw:
    """A hunk as git prints it: numbers, heading, and (sign, count) runs."""

    old: int
    old_count: int
    new: int
    new_count: int
    heading: str
    runs: tuple[tuple[str, int], ...]


def views(root: Path, changes: Sequence[FileChange], edits: Iterable[Edit],
          summaries: Mapping[str, str], *, gap: int | None = None) -> list[FileView]:
    """One view a changed file. `summaries` stand in for edits without a reason, by pass id.

    `root` is the tree whose .gitattributes say how git names functions in hunk headers. With
    `gap` only that many unchanged lines are kept at either end of those between two hunks.
    """
    by_file: dict[str, list[Edit]] = {}
    for edit in edits:
        by_file.setdefault(edit.file, []).append(edit)
    return [_view(change, raw, by_file.get(change.path, []), summaries, gap)
            for change, raw in zip(changes, _git(root, changes), strict=True)]


def _git(root: Path, changes: Sequence[FileChange]) -> list[list[_Raw]]:
    """The hunks of each change, in the order given."""
    # Plain names, so that none is quoted; the suffix tells git how function names look.
    named = [replace(change, path=f"{number:06}{PurePosixPath(change.path).suffix}")
             for number, change in enumerate(changes)]
    found: list[list[_Raw]] = []
    text = diff(root, named).split(b"\n")
    index = 0
    while index < len(text):
        if text[index].startswith(b"diff --git "):
            found.append([])
        match = _HEADER.match(text[index])
        index += 1
        if match is None:
            continue
        old, new = int(match[1]), int(match[3])
        sizes = [int(match[group]) if match[group] else 1 for group in (2, 4)]
        left = list(sizes)
        runs: list[tuple[str, int]] = []
        while left[0] or left[1]:
            sign = text[index][:1].decode("latin-1")
            index += 1
            if sign == "\\":
                continue
            left[0] -= sign != "+"
            left[1] -= sign != "-"
            if runs and runs[-1][0] == sign:
                runs[-1] = (sign, runs[-1][1] + 1)
            else:
                runs.append((sign, 1))
        # git names the line before an empty side.
        found[-1].append(_Raw(old + (not sizes[0]), sizes[0], new + (not sizes[1]), sizes[1],
                              match[5].decode("utf-8", "replace"), tuple(runs)))
    return found


def _view(change: FileChange, raw: Sequence[_Raw], edits: Sequence[Edit],
          summaries: Mapping[str, str], gap: int | None) -> FileView:
    before = lines_of(change.before)
    after = change.after.split(b"\n")
    notes = _notes(change.before, raw, edits, summaries)
    parts: list[Hunk | Gap] = []
    old = new = 1
    for one, told in zip(raw, notes, strict=True):
        parts += _gaps(before[old - 1:one.old - 1], old, new, gap)
        part = b"\n".join(after[one.new - 1:one.new - 1 + one.new_count])
        previous: Line = before[one.old - 2] if one.old > 1 else ()
        blocks = _blocks(one, before, lines_after(previous, part))
        parts.append(Hunk(one.old, one.old_count, one.new, one.new_count, one.heading, blocks,
                          told))
        old, new = one.old + one.old_count, one.new + one.new_count
    parts += _gaps(before[old - 1:], old, new, gap)
    counts = {sign: sum(n for one in raw for s, n in one.runs if s == sign) for sign in "+-"}
    return FileView(change.path, tuple(parts), counts["+"], counts["-"])


def _gaps(lines: Sequence[Line], old: int, new: int, most: int | None) -> list[Gap]:
    if not lines:
        return []
    if most is None or len(lines) <= 2 * most:
        return [Gap(old, new, tuple(html_of(line) for line in lines))]
    middle = len(lines) - 2 * most
    return [*_gaps(lines[:most], old, new, None), Gap(old + most, new + most, (), middle),
            *_gaps(lines[-most:], old + most + middle, new + most + middle, None)]


def _blocks(raw: _Raw, before: Sequence[Line], after: Sequence[Line]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    old, new = raw.old, raw.new
    runs = list(raw.runs)
    while runs:
        sign, count = runs.pop(0)
        gone = count if sign == "-" else 0
        come = count if sign == "+" else 0
        if sign == "-" and runs and runs[0][0] == "+":
            come = runs.pop(0)[1]
        if sign == " ":
            same = tuple(html_of(line) for line in before[old - 1:old - 1 + count])
            blocks.append(Block(old, new, same, same, False))
            gone = come = count
        else:
            blocks.append(_changed(old, new, before[old - 1:old - 1 + gone],
                                   after[new - raw.new:new - raw.new + come]))
        old += gone
        new += come
    return tuple(blocks)


def _changed(old: int, new: int, before: Sequence[Line], after: Sequence[Line]) -> Block:
    marks = differing([text_of(line) for line in before], [text_of(line) for line in after])
    sides = [tuple(html_of(line, spans) for line, spans in zip(lines, side, strict=True))
             for lines, side in zip((before, after), marks, strict=True)]
    return Block(old, new, sides[0], sides[1], True)


def _notes(source: bytes, raw: Sequence[_Raw], edits: Sequence[Edit],
           summaries: Mapping[str, str]) -> list[tuple[Note, ...]]:
    """The reasons of each hunk: the same reason once, with all its lines."""
    found: list[dict[tuple[str, str], set[int]]] = [{} for _ in raw]
    line, at = 1, 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end, one.transform)):
        line += source.count(b"\n", at, edit.start)
        at = edit.start
        if not raw:
            continue
        nearest = min(range(len(raw)), key=lambda index: _distance(raw[index], line))
        why = edit.why or summaries.get(edit.transform, "")
        found[nearest].setdefault((edit.transform, why), set()).add(line)
    return [tuple(Note(transform, why, tuple(sorted(lines)))
                  for (transform, why), lines in sorted(
                      told.items(), key=lambda item: (min(item[1]), item[0])))
            for told in found]


def _distance(raw: _Raw, line: int) -> int:
    return max(raw.old - line, line - (raw.old + raw.old_count - 1), 0)
