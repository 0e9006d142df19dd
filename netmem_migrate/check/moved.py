# SPDX-License-Identifier: GPL-2.0-only
"""Files that a patch moves, seen as one file before and after, whatever the diff says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from netmem_migrate.results import FileChange

_HALF = 0.5
"""Of the lines, as git's own --find-renames asks for."""


def together(changes: Iterable[FileChange]) -> list[FileChange]:
    """The changes, with a file that goes and the new one that it is most like as one change.

    It has the new name. A file that is not there is empty.
    """
    every = [one for one in changes if one.before != one.after]
    gone = [one for one in every if one.before and not one.after]
    new = [one for one in every if one.after and not one.before]
    pairs = sorted(((_alike(old.before, one.after), old, one) for old in gone for one in new
                    if PurePosixPath(old.path).suffix == PurePosixPath(one.path).suffix),
                   key=lambda pair: -pair[0])
    taken: dict[str, FileChange] = {}
    left = {one.path for one in gone}
    for share, old, one in pairs:
        if share >= _HALF and old.path in left and one.path not in taken:
            left.discard(old.path)
            taken[one.path] = replace(one, before=old.before)
    moved = {one.path for one in gone} - left
    return [taken.get(one.path, one) for one in every if one.path not in moved]


def _alike(one: bytes, other: bytes) -> float:
    first, second = (Counter(text.split(b"\n")) for text in (one, other))
    return 2 * (first & second).total() / max(1, first.total() + second.total())
