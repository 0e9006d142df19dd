# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree: where it is, which version it holds, whether it can compile."""

from __future__ import annotations

import os
import re
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.errors import InputError, UsageError

_NUMBER = re.compile(r"^(VERSION|PATCHLEVEL|SUBLEVEL)[ \t]*=[ \t]*(\d+)[ \t]*$", re.MULTILINE)
# The numbers stand in the first lines of the Makefile; the rest is never read.
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel tree: `version` is "7.3.4", `api` the release its netmem API belongs to, "7.3"."""

    root: Path
    version: str
    api: str

    @property
    def configured(self) -> bool:
        """Is the tree configured, and its generated headers made?"""
        made = self.root / "include/generated/autoconf.h"
        return (self.root / ".config").is_file() and made.is_file()

    @classmethod
    def find(cls, path: Path) -> Kernel | None:
        """The tree that `path` is in, found by walking up; None outside any tree."""
        start = path.resolve()
        for folder in (start, *start.parents):
            if is_root(folder):
                return cls._read(folder)
        return None

    @classmethod
    def at(cls, path: Path) -> Kernel:
        """The tree whose root is `path`. Raises InputError where it is not one."""
        try:
            folder = stat.S_ISDIR(path.stat().st_mode)
        except FileNotFoundError as error:
            raise UsageError(f"{path}: no such folder; give the root of a kernel tree") from error
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}; give a kernel tree that can be read") \
                from error
        if not folder:
            raise UsageError(f"{path}: not a folder; give the root of a kernel tree")
        root = path.resolve()
        found = cls._read(root) if is_root(root) else None
        if found is not None:
            return found
        above = cls.find(root)
        if above is not None:
            raise UsageError(f"{path}: inside a kernel tree; its root is {above.root}")
        raise UsageError(
            f"{path}: not a kernel tree; give one, or get one by `netmem-migrate kernel fetch`"
        )

    def require_prepared(self) -> None:
        """Raise InputError, with the command to run, where the tree cannot compile yet."""
        if not self.configured:
            raise InputError(
                f"{self.root}: not prepared for compiling; "
                f"run `netmem-migrate kernel prepare {shlex.quote(str(self.root))}`"
            )

    @classmethod
    def _read(cls, root: Path) -> Kernel | None:
        try:
            with (root / "Makefile").open("rb") as file:
                head = file.read(_HEAD).decode("latin-1")
        except OSError as error:
            raise InputError(f"{root / 'Makefile'}: {error.strerror}; make it readable") from error
        numbers = dict(_NUMBER.findall(head))
        if not {"VERSION", "PATCHLEVEL"} <= numbers.keys():
            return None
        api = f"{numbers['VERSION']}.{numbers['PATCHLEVEL']}"
        return cls(root, f"{api}.{numbers.get('SUBLEVEL', '0')}", api)


def is_root(folder: Path) -> bool:
    """Does `folder` look like the root of a kernel tree?"""
    names = ("Makefile", "Kbuild", "MAINTAINERS")
    try:
        files = all((folder / name).is_file() for name in names)
        return files and (folder / "include/linux").is_dir()
    except OSError:
        # A folder that may not be looked into is none, and no reason to stop walking up.
        return False


def cache_folder() -> Path:
    """Where fetched trees are kept, one folder a version."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG base directory specification: a relative path is to be ignored.
    home = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return home / "netmem-migrate" / "kernels"
