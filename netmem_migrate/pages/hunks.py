# SPDX-License-Identifier: GPL-2.0-only
"""A changed file as hunks with reasons and the unchanged lines between them.

The hunks are those of `git diff`, so that the page shows what the patch will. Edits are known by
their offsets in the file before the conversion; each is told at the hunk that holds its line, or
at the nearest one where only a line of layout has moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from markupsafe import Markup

from netmem_migrate.git.diff import diff
from netmem_migrate.git.hunks import Hunk, decoded, read
from netmem_migrate.git.words import differing
from netmem_migrate.pages.code import Line, html_of, lines_after, lines_of, text_of
from netmem_migrate.results import Edit, FileChange


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
class HunkView:
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
    parts: tuple[HunkView | Gap, ...]
    added: int
    removed: int

    @property
    def hunks(self) -> list[HunkView]:
        """The hunks alone."""
        return [part for part in self.parts if isinstance(part, HunkView)]


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


def _git(root: Path, changes: Sequence[FileChange]) -> list[tuple[Hunk, ...]]:
    """The hunks of each change, in the order given."""
    # Plain names, so that none is quoted; the suffix tells git how function names look.
    named = [replace(change, path=f"{number:06}{PurePosixPath(change.path).suffix}")
             for number, change in enumerate(changes)]
    return [file.hunks for file in read(decoded(diff(root, named)))]


def _view(change: FileChange, raw: Sequence[Hunk], edits: Sequence[Edit],
          summaries: Mapping[str, str], gap: int | None) -> FileView:
    before = lines_of(change.before)
    after = change.after.split(b"\n")
    notes = _notes(change.before, raw, edits, summaries)
    parts: list[HunkView | Gap] = []
    old = new = 1
    for one, told in zip(raw, notes, strict=True):
        parts += _gaps(before[old - 1:one.old - 1], old, new, gap)
        part = b"\n".join(after[one.new - 1:one.new - 1 + one.new_count])
        previous: Line = before[one.old - 2] if one.old > 1 else ()
        blocks = _blocks(one, before, lines_after(previous, part))
        heading = one.heading.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        parts.append(HunkView(one.old, one.old_count, one.new, one.new_count, heading, blocks,
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


def _blocks(raw: Hunk, before: Sequence[Line],
            after: Sequence[Line]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    old, new = raw.old, raw.new
    runs = raw.runs
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


def _notes(source: bytes, raw: Sequence[Hunk], edits: Sequence[Edit],
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


def _distance(raw: Hunk, line: int) -> int:
    return max(raw.old - line, line - (raw.old + raw.old_count - 1), 0)
