# SPDX-License-Identifier: GPL-2.0-only
"""The page_pool folders of a kernel tree, found by a byte search and without the tool."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

NET = "drivers/net"
WORD = b"page_pool"


@dataclass(frozen=True, slots=True)
class Tree:
    """A kernel tree, and the .c files of drivers/net that mention page_pool."""

    root: Path
    version: str
    users: tuple[Path, ...]

    @classmethod
    def at(cls, root: Path, version: str) -> Tree:
        """Search one."""
        return cls(root, version, tuple(
            file for file in sorted((root / NET).rglob("*.c"))
            if file.is_file() and WORD in file.read_bytes()))

    @property
    def folders(self) -> list[Path]:
        """Those that hold these files."""
        return sorted({file.parent for file in self.users})

    @property
    def drivers(self) -> list[Path]:
        """The same, but a folder without a Makefile is a part of the one above it."""
        return sorted({home(folder) for folder in self.folders})

    def touch(self) -> None:
        """Have the files in the page cache."""
        subprocess.run(["grep", "-rl", "page_pool", "drivers", "net", "include"], cwd=self.root,
                       stdout=subprocess.DEVNULL, check=False)


def sources(folder: Path) -> list[Path]:
    """The .c and .h files directly in a folder."""
    return sorted(file for file in folder.iterdir() if file.suffix in (".c", ".h"))


def built(folder: Path) -> list[Path]:
    """Those of a driver: in its folder, and below it where no other Makefile is."""
    below = [file for one in sorted(folder.iterdir())
             if one.is_dir() and not _is_module(one) for file in built(one)]
    return sources(folder) + below


def home(folder: Path) -> Path:
    """The folder that holds the Makefile that builds what is in one."""
    return folder if _is_module(folder) else home(folder.parent)


def size(files: Iterable[Path]) -> str:
    """How many files, and their megabytes."""
    some = list(files)
    return f"{len(some)} files, {sum(file.stat().st_size for file in some) / 1e6:.1f} MB"


def _is_module(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("Makefile", "Kbuild"))
