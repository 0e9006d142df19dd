# SPDX-License-Identifier: GPL-2.0-only
"""The drivers in a folder: it may be one, hold several, or be a part of one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.c.words import include_lines
from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.files.journal import require_settled
from netmem_migrate.kernel.drivers import (
    Driver,
    borrowed,
    find,
    is_module,
    is_source,
    no_source,
    once,
)
from netmem_migrate.kernel.search import BUILD, SOURCES, Search
from netmem_migrate.model.spelled import CALLS
from netmem_migrate.results import Looked

MARKS = (CALLS,)
"""What a driver to convert names: a byte search for words that begin so."""

# What a driver shares with others in a header that matters: its own pages, or its pools.
_SHARED = re.compile(rb"\b(?:" + CALLS.encode() + rb"|struct\s+page\b)")
_DIRECTORY = re.compile(r"-I[ \t]*([^\s]+)")
# How build rules spell the folder that they stand in.
_HERE = re.compile(r"\$\((?:srctree|src|obj|M|PWD|CURDIR|KBUILD_EXTMOD)\)/?")


@dataclass(frozen=True, slots=True)
class Found:
    """The drivers at a path; `looked` is None where no folder was walked."""

    drivers: tuple[Driver, ...]
    looked: Looked | None = None


def drivers_at(path: Path, tree: Path | None, base: Path | None = None, *,
               walk: bool = True, marks: Sequence[str] = MARKS) -> Found:
    """The page_pool drivers at a path: a file's, or all that a folder holds.

    `tree` is the root of the kernel tree that the path is in, and `base` what paths are relative to
    outside any (by default the path itself, if it is a folder). Without `walk` a folder is taken
    for one driver, whatever it holds. A driver is found by words that begin with one of `marks`.

    Raises InputError as find() does, and for a folder that is only a part of a driver.
    """
    if not walk or not path.is_dir():
        return Found((find(path, tree or base),))
    path = path.resolve()
    if tree is not None:
        return _in_tree(path, tree.resolve(), marks)
    return _outside(path, (base or path).resolve(), marks)


def driver_of(file: Path, tree: Path | None) -> Driver:
    """The whole driver that a file is a part of. Raises InputError as find() does."""
    folder = file.resolve().parent
    above = _parent(folder, tree)
    if tree is not None or above is None:
        return find(above or folder, tree)
    for one in _outside(above, above, MARKS).drivers:
        if file.resolve().relative_to(above).as_posix() in one.files:
            return one
    return find(folder, None)


# -- in a kernel tree


def page_pool_folders(root: Path) -> list[Path]:
    """Every driver folder of a tree with a .c or .h file that mentions page_pool.

    A subfolder without a Makefile of its own belongs to its parent. A byte search: no parsing.
    """
    return _folders(root / "drivers", MARKS)[0]


def _in_tree(path: Path, root: Path, marks: Sequence[str]) -> Found:
    folders, number = _folders(root / "drivers" if path == root else path, marks)
    if number == 0:
        raise InputError(no_source(path))
    if not is_module(path):
        above = _parent(path, root)
        if above is not None and (path in folders or above in _folders(above, marks)[0]):
            raise InputError(_part_of(path, above))
    name = path.relative_to(root).as_posix()
    return Found(tuple(find(one, root) for one in folders), Looked(name, number, len(folders)))


def _folders(top: Path, marks: Sequence[str]) -> tuple[list[Path], int]:
    """The folders of drivers below `top`, itself included, and how many sources it has."""
    begun = Search(top, "\n".join(marks), ["."], "-lZF", SOURCES)
    try:
        every = [(home, here, names, links) for home, here, names, links in _sources(top)]
        found = begun.found()
    finally:
        begun.stop()
    named = None if found is None else {
        os.fsdecode(name) for name in found.split(b"\0")[:-1]}
    mentions = _search(marks)
    start = len(os.fspath(top))
    compiled: set[str] = set()
    users: set[str] = set()
    for home, here, names, links in every:
        if any(name.endswith(".c") for name in names):
            compiled.add(home)
        # Links are not followed by what searches, and are read here.
        if home not in users and any(
                mentions(Path(here, name)) for name in names
                if named is None or name in links or f".{here[start:]}/{name}" in named):
            users.add(home)
    return sorted(map(Path, users & compiled)), sum(len(names) for _, _, names, _ in every)


def _sources(top: Path) -> Iterator[tuple[str, str, list[str], Set[str]]]:
    """The sources of each folder below `top`: the folder of the driver that they are of, the folder
    itself, their names, and those of them that are links."""
    homes: dict[str, str] = {}
    first = os.fspath(top)
    for here, files, others in plain.below(first, lambda name: name.startswith(".")):
        module = here != first and any(one in files or one in others for one in BUILD)
        homes[here] = here if here == first or (module and is_module(Path(here))) else homes[
            here.rpartition("/")[0]]
        links = {name for name in others if is_source(name) and plain.is_plain(Path(here, name))}
        names = sorted([*filter(is_source, files), *links])
        if names:
            yield homes[here], here, names, links


def _homes(top: Path) -> Iterator[tuple[Path, list[Path]]]:
    """The sources of each folder below `top`, with the folder of the driver that they are of."""
    for home, here, names, _ in _sources(top):
        yield Path(home), [Path(here, name) for name in names]


def _search(marks: Sequence[str]) -> Callable[[Path], bool]:
    """Whether a file has a word that begins with one of the marks."""
    names = [one.encode() for one in marks]
    words = re.compile(rb"\b(?:" + b"|".join(map(re.escape, names)) + rb")")

    def mentions(path: Path) -> bool:
        data = plain.read(path)
        # A plain search is many times faster than one for a word, and nearly always says no.
        return any(one in data for one in names) and words.search(data) is not None

    return mentions


# -- outside any tree


def _outside(path: Path, base: Path, marks: Sequence[str]) -> Found:
    """The drivers below a folder: sources that are built, or that include, the same things."""
    files = {file: home for home, some in _homes(path) for file in some}
    if not files:
        raise InputError(no_source(path))
    found = []
    mentions = _search(marks)
    for mine in _together(files, path):
        if any(file.suffix == ".c" for file in mine) and any(map(mentions, mine)):
            mine = once(mine, base)
            require_settled(mine)
            where = Path(os.path.commonpath([files[file] for file in mine]))
            names = tuple(sorted(file.relative_to(base).as_posix() for file in mine))
            found.append(Driver(where.relative_to(base).as_posix(), base, names,
                                borrowed(mine, base)))
    if found:
        above = _parent(path, None)
        if above is not None:
            raise InputError(_part_of(path, above))
    found.sort(key=lambda one: Path(one.path))
    return Found(tuple(found), Looked(path.relative_to(base).as_posix(), len(files), len(found)))


def _together(files: Mapping[Path, Path], top: Path) -> list[list[Path]]:
    """The files in groups: those of one home, and of homes of which one includes the other."""
    group = {home: home for home in files.values()}

    def leader(home: Path) -> Path:
        while group[home] != home:
            home = group[home]
        return home

    named: dict[str, list[Path]] = {}
    for file in files:
        named.setdefault(file.name, []).append(file)
    for file, home in files.items():
        for text in _included(file):
            for target in _targets(file, text, named):
                group[leader(files[target])] = leader(home)
    made: dict[Path, list[Path]] = {}
    for file, home in files.items():
        made.setdefault(leader(home), []).append(file)
    # What shares a folder above is called by that, and two drivers are never called the same.
    called: dict[str, list[Path]] = {}
    for one in made.values():
        name = os.path.commonpath([files[file] for file in one])
        called.setdefault(name, []).extend(one)
    return list(called.values())


def _included(file: Path) -> list[str]:
    return [os.fsdecode(name) for _, name in include_lines(plain.read(file))]


def _targets(file: Path, text: str, named: Mapping[str, list[Path]]) -> Iterator[Path]:
    """The files that an include may mean: the one beside it, or any that ends in its text."""
    near = named.get(Path(text).name, ())
    beside = Path(os.path.normpath(file.parent / text))
    if beside in near:
        yield beside
        return
    wanted = Path(text).parts
    yield from (one for one in near if one.parts[-len(wanted):] == wanted)


# -- a part of a driver


def _part_of(path: Path, above: Path) -> str:
    return f"{path}: a part of {above}, and converts only with it: give that"


def _parent(folder: Path, tree: Path | None) -> Path | None:
    """The folder that a driver's own is a part of: its build rules, or its headers, say so."""
    if not is_module(folder):
        for above in folder.parents:
            if tree is not None and above in (tree, tree / "drivers"):
                return None
            if is_module(above):
                if _builds(above, folder):
                    return above
                break
    return _above(folder) if tree is None else None


def _builds(above: Path, folder: Path) -> bool:
    name = re.escape(folder.relative_to(above).as_posix())
    return re.search(rf"(?:^|[\s=:/(]){name}/", _rules(above), re.MULTILINE) is not None


def _rules(folder: Path) -> str:
    return "\n".join((plain.optional(folder / name) or b"").decode("utf-8", "replace")
                     for name in BUILD)


def _above(folder: Path) -> Path | None:
    """The folder that holds a driver and those headers of its own that lie elsewhere."""
    places = [folder.joinpath(_HERE.sub("./", one)) for one in _DIRECTORY.findall(_rules(folder))
              if "$" not in _HERE.sub("", one) and not one.startswith("/")]
    tops = {folder}
    for _, files in _homes(folder):
        for file in files:
            for text in _included(file):
                for place in (file.parent, *places):
                    target = Path(os.path.normpath(place / text))
                    if plain.is_plain(target):
                        if not target.is_relative_to(folder) and _SHARED.search(plain.read(target)):
                            tops.add(target.parent)
                        break
    top = Path(os.path.commonpath(tops))
    return top if top != folder else None
