# SPDX-License-Identifier: GPL-2.0-only
"""The drivers of a tree, and which files make up each: its folder, headers beside it, users."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from netmem_migrate.c.lines import line_of
from netmem_migrate.c.spelling import otherwise
from netmem_migrate.c.words import include_lines
from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.files.journal import require_settled
from netmem_migrate.kernel.search import BUILD

_SOURCES = (".c", ".h")
LARGEST = 32 << 20
"""Bytes of a file. The largest of a kernel, a generated header of graphics, has 24 MB."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver to convert: `files` are its own, `borrowed` headers it includes from elsewhere.

    All paths are POSIX strings relative to `root`. `held` is what files hold that are to be read
    otherwise than they are on disk. `joined` are the folders of the modules that it is made of,
    where several have to move together.
    """

    path: str
    root: Path
    files: tuple[str, ...]
    borrowed: tuple[str, ...] = ()
    held: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)
    joined: tuple[str, ...] = ()

    def read(self, file: str) -> bytes:
        """The bytes of a file. Raises InputError if it cannot be read or is not text."""
        path = self.root / file
        data = self.held[file] if file in self.held else plain.read(path)
        require_bounds(path, data)
        require_text(str(path), data)
        return data

    def loaded(self, files: Iterable[str]) -> Driver:
        """The same driver with some of its files in memory.

        Raises InputError as read() does, and for a text that a compiler reads otherwise than it
        looks (c/spelling.py).
        """
        held = {file: self.read(file) for file in files}
        for file, data in held.items():
            require_spelled(str(self.root / file), data)
        return replace(self, held={**self.held, **held})


def find(path: Path, root: Path | None, text: bytes | None = None) -> Driver:
    """The driver at `path`, a folder or one .c or .h file.

    A subfolder with its own Makefile or Kbuild is another driver. `text` is what a file holds, if
    that is not what there is on disk. Raises InputError for a missing path, or one that holds no C
    source.
    """
    if not plain.exists(path):
        raise InputError(f"{path}: no such file or folder")
    path = path.resolve()
    texts = {path: text} if text is not None else {}
    if path.is_dir():
        base = (root or path).resolve()
        files = once(sorted(_folder(path)), base)
        if not files:
            raise InputError(no_source(path))
    else:
        if path.suffix not in _SOURCES:
            raise InputError(f"{path}: not a .c or .h file")
        plain.require(path)
        base = (root or path.parent).resolve()
        files = once(sorted(_closure(path, texts)), base)
    try:
        names = tuple(file.relative_to(base).as_posix() for file in files)
        name = path.relative_to(base).as_posix()
    except ValueError as error:
        raise InputError(f"{path}: not inside the kernel tree {base}") from error
    require_settled(files)
    return Driver(name, base, names, borrowed(files, base, texts),
                  {name: text} if text is not None else {})


def once(files: Iterable[Path], base: Path) -> list[Path]:
    """Of files that are one by a link, one: the file itself before a symbolic link to it.

    Raises InputError for a link that leads out of `base`: what is there is not the tree's.
    """
    found: dict[tuple[int, int], Path] = {}
    for file in sorted(files, key=lambda one: one.is_symlink()):
        try:
            status = file.stat()
        except OSError:
            continue  # a link that leads nowhere
        if file.is_symlink() and not file.resolve().is_relative_to(base):
            raise InputError(f"{file}: a symbolic link that leads out of the tree, to "
                             f"{file.resolve()}; give that file itself")
        found.setdefault((status.st_dev, status.st_ino), file)
    return sorted(found.values())


def require_bounds(path: Path | str, data: bytes) -> None:
    """Raise InputError for a file of more bytes than are read."""
    if len(data) > LARGEST:
        raise InputError(f"{path}: {len(data) / (1 << 20):.1f} MB, and files of more than "
                         f"{LARGEST >> 20} MB are not read; split it")


def require_text(name: str, data: bytes) -> None:
    """Raise InputError for what is no text, as `name`."""
    at = data.find(b"\0")
    if at >= 0:
        raise InputError(f"{name}:{line_of(data, at)}: a NUL byte; this is a binary file, not C")


def require_spelled(name: str, data: bytes) -> None:
    """Raise InputError, as `name`, for a text that means something else than it looks like."""
    require_text(name, data)
    found = otherwise(data)
    if found is not None:
        at, what = found
        raise InputError(f"{name}:{line_of(data, at)}: {what}; a compiler reads this otherwise "
                         "than it looks, write it plainly first")


def is_source(name: str) -> bool:
    """Whether a file of that name holds C that a person wrote."""
    return name.endswith(_SOURCES) and not name.endswith(".mod.c")


def no_source(path: Path) -> str:
    """What is said of a folder without any C."""
    return f"{path}: no .c or .h file here; name a folder that holds drivers, or a file of one"


def is_module(folder: Path) -> bool:
    """Whether a folder has build rules of its own, so that it is a driver for itself."""
    return any(plain.exists(folder / build) for build in BUILD)


def _folder(path: Path) -> set[Path]:
    found: set[Path] = set()
    for here, folders, files in plain.walk(path):
        folders[:] = [name for name in folders
                      if not name.startswith(".")
                      and not is_module(here / name)]
        found.update(here / name for name in files
                     if is_source(name) and plain.is_plain(here / name))
    return found


def beside(root: Path, changed: Iterable[str]) -> dict[str, bytes]:
    """The other sources of the drivers that some files below `root` belong to, by path from it.

    A folder with build rules of its own is a driver for itself; what it includes by name of a
    file counts, too.
    """
    mine = {root / one for one in changed}
    found: set[Path] = set()
    for folder in {one.parent for one in mine if is_source(one.name)}:
        found |= _folder(folder)
    texts = {one: plain.optional(one) for one in sorted(found)}
    names = borrowed(sorted(found), root, {one: text or b"" for one, text in texts.items()})
    texts.update((root / name, plain.optional(root / name)) for name in names)
    return {one.relative_to(root).as_posix(): text for one, text in texts.items()
            if text is not None and one not in mine}


def _includes(path: Path, texts: Mapping[Path, bytes]) -> set[Path]:
    data = texts[path] if path in texts else plain.optional(path) or b""
    folder = os.fspath(path.parent)
    named = {os.path.normpath(f"{folder}/{os.fsdecode(name)}")
             for mark, name in include_lines(data) if mark == b'"'}
    return {target for one in named if plain.is_plain(target := Path(one))}


def borrowed(files: list[Path], base: Path,
             texts: Mapping[Path, bytes] | None = None) -> tuple[str, ...]:
    """What files include below `base` that is not among them, pieces of other suffixes too.

    `texts` is what some of them hold that is not what there is on disk.
    """
    found: set[Path] = set()
    queue = list(files)
    while queue:
        for target in _includes(queue.pop(), texts or {}):
            if target not in found:
                found.add(target)
                queue.append(target)
    return tuple(file.relative_to(base).as_posix() for file in sorted(found - set(files))
                 if file.is_relative_to(base))


def _closure(path: Path, texts: Mapping[Path, bytes]) -> set[Path]:
    """A file, the headers of its folder that it includes, and the files that include those."""
    folder = path.parent
    beside = {file for file in plain.listed(folder)
              if file.suffix in _SOURCES and plain.is_plain(file)}
    includes = {file: _includes(file, texts) & beside for file in beside}
    found = {path}
    queue = [path]
    while queue:
        file = queue.pop()
        linked = set(includes.get(file, ()))
        if file.suffix == ".h":
            linked |= {user for user, headers in includes.items() if file in headers}
        for other in linked - found:
            found.add(other)
            queue.append(other)
    return found
