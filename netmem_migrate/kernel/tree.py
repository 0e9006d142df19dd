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
from netmem_migrate.files import home, plain

_NUMBER = re.compile(r"^(VERSION|PATCHLEVEL|SUBLEVEL)[ \t]*=[ \t]*(\d+)[ \t]*$", re.MULTILINE)
# The numbers stand in the first lines of the Makefile; the rest is never read.
_HEAD = 4096


STAMP = ".netmem-migrate-prepared"
"""The file in a tree that says with what it was prepared."""
_CLANG = re.compile(r"(?:.*/)?clang(-\d+)?")
# What Debian calls its compilers for another machine.
_CROSS = {"arm": "arm-linux-gnueabihf-gcc", "arm64": "aarch64-linux-gnu-gcc",
          "riscv": "riscv64-linux-gnu-gcc", "powerpc": "powerpc64le-linux-gnu-gcc",
          "s390": "s390x-linux-gnu-gcc"}


@dataclass(frozen=True, slots=True)
class Toolchain:
    """For which machine a tree is built and by which compiler: ARCH and CC of kbuild, "" as usual.

    Documentation/kbuild/kbuild.rst, Documentation/kbuild/llvm.rst.
    """

    arch: str = ""
    cc: str = ""

    @property
    def compiler(self) -> str:
        """The compiler's command, which may run it by way of ccache, distcc or the like."""
        return self.cc if self.cc.strip() else _CROSS.get(self.arch, "gcc")

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs that this command runs, the compiler last."""
        return tuple(one for one in self.compiler.split() if not one.startswith("-"))

    @property
    def words(self) -> tuple[str, ...]:
        """What make is told."""
        name = self.programs[-1]
        clang = _CLANG.fullmatch(name)
        words = [f"ARCH={self.arch}"] if self.arch else []
        if self.cc and clang is not None:
            words.append(f"LLVM={clang[1] or '1'}")
        elif name.endswith("-gcc"):
            words.append(f"CROSS_COMPILE={name[:-3]}")
        elif self.cc:
            words.append(f"CC={self.cc}")
        if self.cc not in ("", name) and words[-1] != f"CC={self.cc}":
            words.append(f"CC={self.cc}")
        return tuple(words)

    @property
    def name(self) -> str:
        """What a folder is called that holds a tree built so."""
        return "-".join((self.arch or "host", *(
            one.rpartition("/")[2] for one in self.compiler.split())))


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
        # Not resolve(): it raises for a link that leads to itself.
        start = Path(os.path.realpath(path))
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

    @property
    def toolchain(self) -> Toolchain:
        """What the tree is built with, as `kernel prepare` noted it."""
        lines = (plain.optional(self.root / STAMP) or b"").decode("utf-8", "replace").splitlines()
        given = dict(line.split("=", 1) for line in lines if "=" in line)
        return Toolchain(given.get("ARCH", ""), given.get("CC", ""))

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
            head = plain.read(root / "Makefile", _HEAD).decode("latin-1")
        except InputError as error:
            raise InputError(f"{error}; make it readable") from error
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
    return home.cache() / "kernels"


def build_folder(kernel: Kernel, toolchain: Toolchain) -> Path:
    """Where the copy of a fetched tree is that is built for another machine or compiler."""
    return home.cache() / "builds" / toolchain.name / kernel.api
