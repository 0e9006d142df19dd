# SPDX-License-Identifier: GPL-2.0-only
"""Where a compiler runs: an overlay of the tree, and what in it is not the tree's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """An overlay at `where` of the tree at `root`; `held` are its texts that are not the tree's, by
    their paths in it."""

    root: Path
    where: Path
    held: Mapping[str, bytes]
    known: dict[tuple[str, str], object] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Run:
    """A compiler that runs in a folder of a place, "" for its top, and all words of its command."""

    place: Place
    folder: str
    words: tuple[str, ...]
