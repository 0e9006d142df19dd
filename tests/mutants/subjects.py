# SPDX-License-Identifier: GPL-2.0-only
"""What is mutated: the own corpus against its stub header, and real drivers against their tree."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import CORPUS

from netmem_migrate import pipeline
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.options import Conversion
from netmem_migrate.results import Run
from netmem_migrate.verify import overlay
from netmem_migrate.verify.objects import Recorded, record

# What a kernel's build makes an error; an unsigned long is no page, and neither is NULL a number.
ERRORS = ("-Werror=int-conversion", "-Werror=incompatible-pointer-types",
          "-Werror=implicit-function-declaration")
_GCC = ("gcc", "-std=gnu11", "-fsyntax-only", *ERRORS, f"-I{CORPUS / 'stub'}")
_MEMBER = re.compile(rb"struct\s+page\s*\*+\s*(\w+)(?:\[[^]]*\])?\s*;")


@dataclass
class Subject(ABC):
    """A driver of which one file at a time is replaced by a mutant.

    `files` are its sources by name, `folder` is where they lie for the tool and the compiler.
    """

    name: str
    files: dict[str, bytes]
    folder: Path

    @property
    def members(self) -> frozenset[bytes]:
        """The names of members that hold pages, in any file."""
        return frozenset(name for text in self.files.values() for name in _MEMBER.findall(text)
                         if b"(" not in name)

    def write(self, files: Mapping[str, bytes]) -> None:
        """Make the folder hold just these files.

        Raises ValueError for one that is a link: behind it lies a tree that is not ours to write.
        """
        for path in self.folder.iterdir():
            if path.name not in files and path.name.startswith("m_part"):
                path.unlink()
        for name, text in files.items():
            path = self.folder / name
            if path.is_symlink():
                raise ValueError(f"{path} is a link")
            if not path.is_file() or path.read_bytes() != text:
                path.write_bytes(text)

    @abstractmethod
    def convert(self) -> Run:
        """What the tool makes of what the folder holds."""

    @abstractmethod
    def errors(self, flags: Sequence[str], *, strict: bool) -> str:
        """The first error of a compiler, "" if there is none; `strict`: netmem_ref is a pointer."""


@dataclass
class Own(Subject):
    """A mini-driver of the corpus."""

    def convert(self) -> Run:
        return pipeline.run([self.folder], Conversion(api="7.3"), judge=False)

    def errors(self, flags: Sequence[str], *, strict: bool) -> str:
        sources = sorted(name for name in self.files if name.endswith(".c"))
        return first_error([*_GCC, *flags, f"-DNETMEM_STRICT={strict:d}", *sources], self.folder)


@dataclass
class Real(Subject):
    """A driver of a prepared kernel, in a tree of links to that kernel."""

    where: Path = Path()
    strict: Path = Path()
    commands: Sequence[Recorded] = ()
    parts: Sequence[Sequence[str]] = ()
    """The files that change, of each driver in the folder."""

    def convert(self) -> Run:
        return pipeline.run([self.folder], Conversion(), judge=False)

    def errors(self, flags: Sequence[str], *, strict: bool) -> str:
        include = [f"-I{self.strict / 'include'}"] if strict else []
        for command in self.commands:
            first, *rest = command.words
            said = first_error([first, *include, *rest, *flags, *ERRORS, "-fsyntax-only",
                           command.source], self.where)
            if said:
                return said
        return ""


def first_error(command: Sequence[str], folder: Path) -> str:
    """What a compiler says first against a source; "" for nothing."""
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False,
                          stdin=subprocess.DEVNULL)
    if not done.returncode:
        return ""
    said = done.stderr.decode("utf-8", "replace")
    return next((line for line in said.splitlines() if "error:" in line), said[-300:] or "no text")


def own_names() -> list[str]:
    """The mini-drivers of which `diff` changes something."""
    return [path.name for path in sorted(CORPUS.glob("[0-9][0-9]-*"))
            if tomllib.loads((path / "expect.toml").read_text())["changes"]]


def own(name: str, scratch: Path) -> Own:
    """A mini-driver in a folder of its own below `scratch`."""
    folder = scratch / name
    folder.mkdir(parents=True)
    files = {}
    for path in sorted((CORPUS / name).glob("before*.[ch]")):
        text = re.sub(rb'(#include ")before', rb"\1demo", path.read_bytes())
        files["demo" + path.name.removeprefix("before")] = text
    one = Own(name, files, folder)
    one.write(files)
    return one


def real(path: str, root: Path, scratch: Path, most: int = 4) -> Real | None:
    """A driver of the tree at `root`; None where `diff` changes nothing in it.

    Its objects are those of the files that the conversion changes and of the sources that include
    one of them, `most` at most: the more a header moves, the fewer of its users are compiled.
    """
    before = pipeline.run([root / path], Conversion(), judge=False)
    changed = [change for one in before.drivers for change in one.changes]
    sources = [change.path for change in changed if change.path.endswith(".c")]
    if not sources:
        return None
    commands = [one for one in record(root, sorted(sources)) if not one.missing][:most]
    if not commands:
        return None
    # A driver whose conversion is all in one folder: what is written are files of that folder.
    home = str(Path(commands[0].source).parent)
    kept = [change for change in changed if str(Path(change.path).parent) == home]
    if len(kept) != len(changed):
        return None
    where, strict = scratch / path / "tree", scratch / path / "strict"
    overlay.build(root, where, {change.path: change.before for change in kept})
    overlay.build(root, strict, overlay.strict_header(root))
    _own_copies(where / home)
    files = {Path(change.path).name: change.before for change in kept}
    parts = [sorted(Path(change.path).name for change in one.changes)
             for one in before.drivers if one.changes]
    return Real(path, files, where / home, where, strict,
                [one for one in commands if str(Path(one.source).parent) == home], parts)


def _own_copies(folder: Path) -> None:
    """Make files of the links in a folder: the tool refuses sources that lie outside the tree."""
    for path in list(folder.iterdir()):
        if path.is_symlink():
            real = path.resolve()
            path.unlink()
            if real.is_dir():
                shutil.copytree(real, path)
            else:
                shutil.copyfile(real, path)


def converting(root: Path) -> list[str]:
    """The folders of a tree that corpus/kernel.toml says something of is converted in."""
    table = tomllib.loads((CORPUS / "kernel.toml").read_text())
    release = Kernel.at(root).version
    kernel = next((one for one in table["kernel"] if one["version"] == release),
                  table["kernel"][0])
    return [one["path"] for one in kernel["driver"]
            if one["converted"] and (root / one["path"]).is_dir()]
