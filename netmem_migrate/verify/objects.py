# SPDX-License-Identifier: GPL-2.0-only
"""Which objects a change touches, and the compiler commands that kbuild recorded for them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.kernel.includes import Includes
from netmem_migrate.kernel.makefiles import unset
from netmem_migrate.kernel.tree import Kernel

_W1 = "-DKBUILD_EXTRA_WARN1"  # what scripts/Makefile.warn adds for W=1
_SET = re.compile(r"^(CONFIG_\w+)=", re.MULTILINE)
_SAVED = re.compile(r"^(?:saved)?cmd_\S+ := (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An object's source and its compiler command, without output and dependency options.

    `missing` says why there is no command; `words` is then empty. `unset` are the CONFIG_ options
    without which this configuration leaves the object out. `folder` is where it runs, relative to
    the tree: newer kernels run a module's commands in the module's folder.
    """

    source: str
    words: tuple[str, ...] = ()
    missing: str = ""
    unset: tuple[str, ...] = ()
    folder: str = ""

    @property
    def up(self) -> str:
        """The way from there to the top of the tree, "" or with a slash behind it."""
        return "../" * len(PurePosixPath(self.folder).parts)

    @property
    def named(self) -> str:
        """The source as it is named there."""
        return os.path.relpath(self.source, self.folder or ".")

    @property
    def as_if_set(self) -> Recorded:
        """The command that takes the missing options for set."""
        return replace(self, words=(*self.words, *(f"-D{option}=1" for option in self.unset)))


def includes(root: Path, module: str = "") -> Includes:
    """Who includes what: in the whole tree, or in the top folder of a module that is no part of the
    kernel, and of which nothing outside knows."""
    return Includes(root, (PurePosixPath(module).parts[0],)) if module else Includes(root)


def touched_sources(root: Path, files: Iterable[str], module: str = "",
                    tree: Includes | None = None) -> list[str]:
    """The .c files among `files`, and every .c file that includes one of the headers.

    `tree` is what includes() gives, where that was read before.
    """
    files = list(files)
    sources = {file for file in files if file.endswith(".c")}
    headers = {file for file in files if file.endswith(".h")}
    if not headers:
        return sorted(sources)
    includers = {file for file in (tree or includes(root, module)).of(headers)
                 if file.endswith(".c")}
    return sorted(sources | includers)


def record(root: Path, sources: Sequence[str], module: str = "") -> list[Recorded]:
    """The kernel's own command for each source: as recorded, or as kbuild says it would run it.

    `module` is the folder, in `root`, of a module that is built with `M=`; sources are its own.
    Raises InputError without make or a compiler, or where the tree is not configured.
    """
    kernel = Kernel.at(root)
    kernel.require_prepared()
    for program in ("make", *kernel.toolchain.programs):
        if shutil.which(program) is None:
            raise InputError(f"no {program} here; install it (apt-get install {program})")
    missing = [source for source in sources if not _file(root, source).is_file()
               or _W1 not in _text(_file(root, source))]
    said = _rehearse(root, missing, module) if missing else ""
    config = _text(root / ".config")
    known = frozenset(_SET.findall(config))
    told = _Said(said, kernel.toolchain.compiler)
    return [replace(_read(root, source, told, module), unset=unset(root, source, known))
            for source in sources]


def built(root: Path, source: str) -> bool:
    """Whether kbuild has built the object of a source."""
    return _file(root, source).is_file()


def _file(root: Path, source: str) -> Path:
    path = root / source
    return path.with_name(f".{path.stem}.o.cmd")


def _text(path: Path) -> str:
    return plain.read(path).decode("utf-8", "replace")


def _rehearse(root: Path, sources: Sequence[str], module: str) -> str:
    """What kbuild would run to build the objects; nothing is built."""
    objects = [os.path.relpath(source[:-2] + ".o", module or ".") for source in sources]
    toolchain = Kernel.at(root).toolchain
    own = [f"M={module}"] if module else []
    done = subprocess.run(["make", "-n", "-k", "W=1", *toolchain.words, *own, *objects],
                          cwd=root, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL)
    return done.stdout.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Said:
    """What kbuild says that it would run, and the compiler's command as it was told."""

    text: str
    compiler: str

    def of(self, source: str) -> re.Match[str] | None:
        """The command for a source."""
        target = re.escape(source[:-2])
        return re.search(rf"(?:^|\s)((?:{re.escape(self.compiler)}|\S*(?:gcc|clang)\S*) -Wp,-MMD,"
                         rf"[^;\n]*? -c -o {target}\.o {target}\.c)", self.text)


def _read(root: Path, source: str, said: _Said, module: str) -> Recorded:
    path = _file(root, source)
    folder = ""
    saved = said.of(source)
    if saved is None and module:
        saved, folder = said.of(os.path.relpath(source, module)), module
    if saved is None and path.is_file():
        saved, folder = _SAVED.search(_text(path)), ""
    if saved is None:
        return Recorded(source, missing="kbuild does not build it with this configuration")
    empty = Recorded(source, folder=folder)
    words = shlex.split(saved[1].split(" ; ")[0])
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word == "-o":
            skip = True
        elif word in ("-c", empty.named) or word.startswith("-Wp,-MMD"):
            continue
        else:
            # By its own path only the module's folder knows the tree.
            kept.append(word.replace(f"{root}/", empty.up) if folder else word)
    return replace(empty, words=tuple(kept))

