# SPDX-License-Identifier: GPL-2.0-only
"""Where a compiler runs: an overlay of the tree, and what in it is not the tree's."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from netmem_migrate.verify import overlay


@dataclass(frozen=True, slots=True)
class Place:
    """An overlay at `where` of the tree at `root`, made when a compiler first runs there.

    `held` are its texts that are not the tree's, by their paths in it, and `real` the folders that
    are to be none of the tree's. The text at the path `late` may be another than when it was made.
    """

    root: Path
    where: Path
    held: Mapping[str, bytes]
    real: Iterable[str] = ()
    late: str = ""
    known: dict[tuple[str, str], object] = field(default_factory=dict, compare=False)
    lock: threading.Lock = field(default_factory=threading.Lock, compare=False)

    def make(self) -> None:
        """Have it there. Raises OSError."""
        with self.lock:
            if not self.where.exists():
                overlay.build(self.root, self.where, self.held, self.real)
            elif self.late:
                (self.where / self.late).write_bytes(self.held[self.late])


@dataclass(frozen=True, slots=True)
class Run:
    """A compiler that runs in a folder of a place, "" for its top, and all words of its command."""

    place: Place
    folder: str
    words: tuple[str, ...]
