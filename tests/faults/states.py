# SPDX-License-Identifier: GPL-2.0-only
"""What a folder holds, byte by byte, and whether that is the old state, the new one or a mix."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

State = dict[str, bytes]
"""Files by path: mode and bytes; of a link where it leads, of anything else its mode."""


class Is(Enum):
    """How the files of a driver, or what else a command writes, are found."""

    OLD = "all old"
    NEW = "all new"
    MIXED = "mixed"
    TORN = "torn"
    """A file is neither the old one nor the new one."""


def read(folder: Path) -> State:
    """All of a folder but what is git's own."""
    found: State = {}
    if not folder.exists():
        return found
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if ".git" in name.parts:
            continue
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            continue
        kind = f"{mode:o} ".encode()
        if stat.S_ISLNK(mode):
            found[str(name)] = kind + str(path.readlink()).encode()
        elif stat.S_ISREG(mode):
            found[str(name)] = kind + path.read_bytes()
        else:
            found[str(name)] = kind
    return found


def changed(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> set[str]:
    """The names that are not the same in both."""
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def judge(now: Mapping[str, bytes], old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Is:
    """Which state it is, by the files that the command was to change; others do not count."""
    names = changed(old, new)
    if all(now.get(name) == new.get(name) for name in names):
        return Is.NEW
    if all(now.get(name) == old.get(name) for name in names):
        return Is.OLD
    if all(now.get(name) in (old.get(name), new.get(name)) for name in names):
        return Is.MIXED
    return Is.TORN


def left(now: Mapping[str, bytes], old: Mapping[str, bytes], new: Mapping[str, bytes]
         ) -> list[str]:
    """The files that neither state has."""
    return sorted(now.keys() - old.keys() - new.keys())


@dataclass(frozen=True)
class Saved:
    """A folder as it was, to be put back as often as one likes."""

    where: Path
    copy: Path

    @classmethod
    def of(cls, where: Path, copy: Path) -> Saved:
        """Keep a folder as it is now in `copy`, which is overwritten."""
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(where, copy, symlinks=True)
        return cls(where, copy)

    def put_back(self) -> None:
        """Make the folder what it was; the folder itself stays the same one."""
        for path in self.where.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        shutil.copytree(self.copy, self.where, symlinks=True, dirs_exist_ok=True)
