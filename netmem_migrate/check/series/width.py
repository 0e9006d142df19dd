# SPDX-License-Identifier: GPL-2.0-only
"""Added lines over 80 columns, and which of them need not be so long.

Decided from the lines of a hunk alone: one that stands for a line that was too long already may
be, up to 100 columns, and so may one of a call that kernel style has no place to break at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from unidiff.patch import Hunk, PatchedFile

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.convert.text import FAR, LIMIT, TAB, columns

# Behind a comma or an operator; the assignment that is as good a place is a matter of its width.
_PLACE = re.compile(r"(?:,|&&|\|\||(?<=\s)[-+|&?:]) \s*\S")
_WORD = re.compile(r"\w+")
_OF_CALL = re.compile(r"[(),]")
_ASSIGNED = re.compile(r"\s*(?P<left>[^()={};]*[^()={};!<>\s]) \+?= (?=\S)")


def needless(file: PatchedFile) -> Iterator[str]:
    """The added lines of a file that are longer than they have to be."""
    for hunk in file:
        for removed, added in _runs(hunk):
            for line in added:
                width = _width(line)
                if width <= LIMIT:
                    continue
                was = _width(_standing_for(line, removed))
                if (width > FAR >= was) or (was <= LIMIT and _need_not_be(line)):
                    yield line


def _runs(hunk: Hunk) -> Iterator[tuple[list[str], list[str]]]:
    """The removed and the added lines of each change in a hunk."""
    for context, lines in groupby(hunk, key=lambda one: one.is_context):
        if not context:
            both = list(lines)
            yield ([one.value.rstrip("\r\n") for one in both if one.is_removed],
                   [one.value.rstrip("\r\n") for one in both if one.is_added])


def _standing_for(line: str, removed: Sequence[str]) -> str:
    """The removed line that is most like an added one, or none."""
    words = _WORD.findall(line)
    return max(removed, default="",
               key=lambda one: SequenceMatcher(None, _WORD.findall(one), words).ratio())


def _width(line: str) -> int:
    return columns(line.encode("utf-8", "surrogateescape"))


def _need_not_be(line: str) -> bool:
    text = code_of(line.encode("utf-8", "surrogateescape")).decode("latin-1")
    match = _ASSIGNED.match(text)
    return bool(not _OF_CALL.search(text) or _PLACE.search(text)
                or (match and len(match["left"]) + len(" = ") > TAB))
