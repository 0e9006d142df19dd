# SPDX-License-Identifier: GPL-2.0-only
"""The one reader of unified diffs: files, and hunks with their numbers, headings and own text.

The parsing is unidiff's. A diff is text here, git's bytes decoded with `surrogateescape`, so that
sources and names in another encoding come back byte for byte. Only a newline ends a line: a CR
belongs to it.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from itertools import groupby

from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk as _Hunk
from unidiff.patch import PatchedFile, PatchSet


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk as git prints it.

    `old` and `new` are the numbers of the first line on either side, from 1; of a side without
    lines, that of the line behind it. `heading` is what git prints of the function around it,
    `header` the whole `@@` line, `lines` those below it with their signs; both end as in the diff.
    """

    old: int
    old_count: int
    new: int
    new_count: int
    heading: str
    header: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The hunk as it stands in the diff."""
        return self.header + "".join(self.lines)

    @property
    def runs(self) -> list[tuple[str, int]]:
        """How many lines of one sign (`-`, `+` or a blank) follow each other, in order."""
        return [(sign, len(list(run))) for sign, run in groupby(
            line[0] for line in self.lines if line[0] != "\\")]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The hunks of one file; `head` is what stands in the diff above them."""

    path: str
    head: str
    hunks: tuple[Hunk, ...]


def decoded(diff: bytes) -> str:
    """A diff as text; `.encode("utf-8", "surrogateescape")` gives its bytes back."""
    return diff.decode("utf-8", "surrogateescape")


def parsed(patch: bytes) -> tuple[PatchedFile, ...]:
    """The files of any patch, also of one that adds, deletes or moves them.

    Raises UnidiffParseError for what is no diff.
    """
    try:
        return tuple(PatchSet(decoded(patch)))
    except (ValueError, IndexError, AttributeError, TypeError) as error:
        # What unidiff does not expect: numbers of thousands of digits, hunks of no file.
        raise UnidiffParseError(f"no unified diff ({error})") from error


def read(diff: str) -> tuple[FileDiff, ...]:
    """The files of a diff of texts that were changed, such as git/diff.py makes.

    Heads and texts of hunks, one after another, are the diff again.

    Raises UnidiffParseError for what is no diff.
    """
    lines = list(io.StringIO(diff))
    # From git's own line unidiff takes names up to a blank; those of --- and +++ are whole.
    files = PatchSet(re.sub(r"(?m)^diff --git .*", "diff", diff))
    found = []
    end = 0
    for file in files:
        # unidiff counts lines from 1, and the header stands above a hunk's first.
        starts = [(hunk[0].diff_line_no or 0) - 2 for hunk in file]
        head = "".join(lines[end:starts[0]]) if starts else ""
        hunks = []
        for start, hunk in zip(starts, file, strict=True):
            end = start + 1 + len(hunk)
            hunks.append(_hunk(hunk, lines[start:end]))
        found.append(FileDiff(file.path, head, tuple(hunks)))
    return tuple(found)


def _hunk(hunk: _Hunk, lines: list[str]) -> Hunk:
    # git names the line before an empty side.
    return Hunk(hunk.source_start + (not hunk.source_length), hunk.source_length,
                hunk.target_start + (not hunk.target_length), hunk.target_length,
                hunk.section_header, lines[0], tuple(lines[1:]))
