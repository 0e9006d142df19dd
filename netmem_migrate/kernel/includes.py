# SPDX-License-Identifier: GPL-2.0-only
"""Who includes a header, anywhere in a kernel tree.

The compiler's own dependencies are not recorded for files that are not built, so an include is
resolved as kbuild would: beside the file, under include/, by the -I options of the folder's
Makefile. Where a Makefile names a folder by a variable, only the end of it is compared, and
of several headers the nearest is meant.
"""

from __future__ import annotations

import atexit
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path, PurePosixPath

from netmem_migrate.files import facts, plain
from netmem_migrate.kernel.held import held, until
from netmem_migrate.kernel.search import BUILD, SOURCES, Search, below, search

# Code outside of these does not include headers of drivers.
_TOPS = ("drivers", "net", "sound", "samples", "include")
_SHARED = ("include", "include/uapi")
_INCLUDE = re.compile(rb'include[ \t]*(["<])([^">\n]+)[">]')
_OPTION = re.compile(r"(?<!\S)-I[ \t]*(\S+)")
_VARIABLE = re.compile(r"\$[({][^)}]*[)}]")
_CROSSING = re.compile(rb'#[ \t]*include[ \t]+"((?:\.\./)+[^"]+)"')
_PATTERN = 'include[ \t]*["<][^">]+[">]'
_SEARCHED = re.compile(rb'(?m)^([^\0\n]+)\0[^\n]*?include[ \t]*(["<])([^">\n]+)[">]')
_FEW = 24
# The file, whether the name is quoted, and the name.
_Line = tuple[str, bool, str]


class Includes:
    """The include lines of a tree, read once; each object keeps the state of when it was made.

    `tops` are the folders to read, where not all of the tree is wanted.
    """

    def __init__(self, root: Path, tops: Iterable[str] = _TOPS) -> None:
        self._root = root
        self._files: set[str] = set()
        self._named: dict[str, list[str]] = {}
        self._lines: dict[str, list[_Line]] = {}
        self._meant: dict[tuple[str, bool, bool, str, str], bool] = {}
        self._options: dict[str, tuple[str, ...]] = {}
        self._facts = facts.Facts()
        self._whole = tops == _TOPS
        self._tops = [top for top in tops if plain.is_folder(root / top)]
        # Of a whole tree only what names a header that is asked for, as long as that is few.
        self._looked: set[str] | None = set() if self._whole else None
        self._links = self._list()
        if not self._whole:
            self._read(None)

    def of(self, headers: Iterable[str]) -> set[str]:
        """All files that reach one of the headers, through other headers too.

        Files are POSIX paths relative to the root; the headers themselves are not among them,
        unless another of them includes them.
        """
        return set(self.each(headers))

    def each(self, headers: Iterable[str]) -> Iterator[str]:
        """The same, one by one: those that include one of the headers themselves come first."""
        found: set[str] = set()
        level = list(headers)
        while level:
            self._look(level)
            further: list[str] = []
            for header in level:
                for file in sorted(self.directly(header) - found):
                    found.add(file)
                    if file.endswith(".h"):
                        further.append(file)
                    yield file
            level = further

    def directly(self, header: str) -> set[str]:
        """The files with an include line that can mean the header."""
        self._look([header])
        # What was read for another header is not read again, and counts for this one.
        facts.given(self._facts)
        with facts.watching() as asked:
            found = {file for file, quoted, name in self._lines.get(_base(header), ())
                     if self._can_mean(file, quoted, name, header)}
        self._facts.parts.append(asked)
        return found

    def _look(self, headers: Iterable[str]) -> None:
        """Read the lines that can mean some headers."""
        if self._looked is None:
            return
        bases = {_base(one) for one in headers} - self._looked
        if not bases:
            return
        self._looked |= bases
        if len(self._looked) > _FEW:
            self._looked = None
            self._lines.clear()
            self._read(None)
        else:
            self._read(bases)

    def _list(self) -> set[str]:
        """Note the sources; those that are links."""
        links: set[str] = set()
        for top in self._tops:
            files, some = below(self._root, top)
            links |= some
            self._files.update(files)
            for file in files:
                self._named.setdefault(_base(file), []).append(file)
        return links

    def _read(self, bases: Set[str] | None) -> None:
        """Read the include lines that name headers which are called so; all, if none are given."""
        with facts.watching() as asked:
            for file, mark, name in _searched(self._root, self._tops, bases):
                # Links are not followed by what searches.
                if file in self._files and file not in self._links:
                    self._add(file, mark, name, bases)
            for file in sorted(self._links):
                for mark, name in _INCLUDE.findall(plain.read(self._root / file)):
                    self._add(file, mark, name, bases)
        self._facts.parts.append(asked)

    def _add(self, file: str, mark: bytes, name: bytes, bases: Set[str] | None) -> None:
        # The same few thousand names, a quarter of a million times.
        file, said = sys.intern(file), sys.intern(os.fsdecode(name))
        base = _base(said)
        if bases is None or base in bases:
            self._lines.setdefault(base, []).append((file, mark == b'"', said))

    def _can_mean(self, file: str, quoted: bool, name: str, header: str) -> bool:
        """Whether an include line of `file` can mean the header."""
        here, _, own = file.rpartition("/")
        if own == header.rpartition("/")[2]:
            return self._means(file, quoted, name, header)
        # Another file of the folder means the same by it.
        key = here, file.endswith(".h"), quoted, name, header
        known = self._meant.get(key)
        if known is None:
            known = self._meant[key] = self._means(file, quoted, name, header)
        return known

    def _means(self, file: str, quoted: bool, name: str, header: str) -> bool:
        here = file.rpartition("/")[0] or "."
        if quoted:
            beside = os.path.normpath(f"{here}/{name}")
            if beside == header or beside in self._files:
                return beside == header
        path = os.path.normpath(name)
        while path.startswith("../"):
            path = path[3:]
        if not header.endswith("/" + path):
            return False
        unknown = False
        for option in self._folders(here):
            if "$" not in option:
                there = os.path.normpath(f"{option}/{name}")
                if there == header or there in self._files:
                    return there == header
            elif os.path.normpath(f"{header[:-len(path) - 1]}/").endswith(
                    _VARIABLE.sub("", option).rstrip("/")):
                unknown = True
        for shared in _SHARED:
            there = os.path.normpath(f"{shared}/{name}")
            if there == header or self._exists(there):
                return there == header
        # A header is compiled with the options of whoever includes it.
        if not unknown and not file.endswith(".h"):
            return False
        return _shared(file, header) >= max(
            (_shared(file, other) for other in self._named[path.rpartition("/")[2]]
             if other.endswith("/" + path)), default=0)

    def _exists(self, file: str) -> bool:
        return file in self._files or (not self._whole and plain.is_plain(self._root / file))

    def _folders(self, here: str) -> tuple[str, ...]:
        """What the -I options of a folder's build rules name, with those of its parents."""
        known = self._options.get(here)
        if known is None:
            said: list[str] = []
            for build in BUILD:
                said += [self.place(here, option)
                         for option in _options(self._root / here / build)]
            parent = here.rpartition("/")[0]
            known = (*said, *(self._folders(parent) if parent else ()))
            self._options[here] = known
        return known

    @staticmethod
    def place(here: str, option: str) -> str:
        """The folder that an -I option names in a Makefile of `here`."""
        for word in ("src", "obj"):
            option = option.replace(f"$({word})", here).replace(f"${{{word}}}", here)
        for word in ("srctree", "objtree"):
            option = option.replace(f"$({word})/", "").replace(f"${{{word}}}/", "")
        return option if "$" in option else os.path.normpath(option)


@held
def of_tree(root: Path) -> Includes:
    """The include lines of a whole tree."""
    return Includes(root)


@held
def of_folders(root: Path, tops: tuple[str, ...]) -> Includes:
    """Those of some folders of it."""
    return Includes(root, tops)


@held
def defining(root: Path, tag: str) -> bool:
    """Whether a header under include/ defines a record, "struct foo"."""
    word, _, name = tag.partition(" ")
    found = search(root, rf"^[ \t]*(typedef[ \t]+)?{word}[ \t]+{name}[^;(]*$", ["include"],
                   "-lE", "--include=*.h", whole=False)
    return bool(found)


@held
def near(root: Path, header: str) -> tuple[str, ...]:
    """The folders from which a driver's header is included.

    That is its vendor's folder, those whose Makefile names a folder above it with -I, and those
    that reach into the vendor's folder by a relative path.
    """
    vendor = _vendor(header)
    above = {str(one) for one in PurePosixPath(header).parents} - {".", "drivers", "drivers/net"}
    found = [folder for folder, paths in _pointing(root) if above.intersection(paths)]
    found += [folder for folder, target in _crossing(root) if target == vendor]
    return (vendor, *dict.fromkeys(one for one in found
                                   if not f"{one}/".startswith(f"{vendor}/")))


def _vendor(file: str) -> str:
    """drivers/net/ethernet/VENDOR, or drivers/net/DRIVER."""
    parts = PurePosixPath(file).parts
    return "/".join(parts[:4] if len(parts) > 4 else parts[:-1])


_AHEAD: dict[Path, Search] = {}


def ahead(root: Path) -> Search:
    """The search for who reaches into another folder, begun before anybody asks."""
    if root not in _AHEAD:
        _AHEAD[root] = Search(root, '"../', ["drivers"], "-HZF", SOURCES)
    return _AHEAD[root]


@until
@atexit.register
def _unasked() -> None:
    while _AHEAD:
        _AHEAD.popitem()[1].stop()


def once(root: Path) -> None:
    """Search for what every driver of a tree asks, before each process does."""
    _crossing(root)
    _pointing(root)


@held
def _crossing(root: Path) -> tuple[tuple[str, str], ...]:
    """Folders of drivers that include a file of another vendor by its path, and that vendor."""
    found: dict[tuple[str, str], None] = {}
    if not plain.is_folder(root / "drivers"):
        return ()
    for line in (ahead(root).found(whole=False) or b"").split(b"\n"):
        name, _, text = line.partition(b"\0")
        said = _CROSSING.match(text)
        if said is None:
            continue
        folder = os.fsdecode(name.rpartition(b"/")[0])
        target = _vendor(os.path.normpath(f"{folder}/{os.fsdecode(said[1])}"))
        if target.startswith("drivers/") and not f"{folder}/".startswith(f"{target}/"):
            found[folder, target] = None
    return tuple(found)


@held
def _pointing(root: Path) -> tuple[tuple[str, frozenset[str]], ...]:
    """The folders of drivers whose build rules have -I options, and what those name."""
    said: dict[str, set[str]] = {}
    found = search(root, "-I", ["drivers"], "-HZF",
                   *(f"--include={build}" for build in BUILD), whole=False)
    for line in (found or b"").splitlines():
        name, _, text = line.partition(b"\0")
        here = os.fsdecode(name.rpartition(b"/")[0])
        said.setdefault(here, set()).update(
            Includes.place(here, option)
            for option in _OPTION.findall(text.decode("utf-8", "replace")))
    return tuple((here, frozenset(paths)) for here, paths in sorted(said.items()) if paths)


def _options(build: Path) -> list[str]:
    """What the -I options of build rules name."""
    return _OPTION.findall((plain.optional(build) or b"").decode("utf-8", "replace"))


def _shared(one: str, other: str) -> int:
    """How many folders two paths share, from the root."""
    return len(PurePosixPath(os.path.commonpath((one, other))).parts)


def _base(file: str) -> str:
    return file.rpartition("/")[2]


def _searched(root: Path, tops: Sequence[str],
              bases: Set[str] | None) -> Iterator[tuple[str, bytes, bytes]]:
    """The include lines of the sources below some folders: file, mark and name.

    With `bases`, those that name a header which is called so are enough.
    """
    if bases is None:
        found = search(root, _PATTERN, tops, "-HZoE", SOURCES)
    else:  # words alone are found in half the time
        wanted = "\n".join(f"{one}{mark}" for one in sorted(bases) for mark in '">')
        found = search(root, wanted, tops, "-HZF", SOURCES)
    if found is not None:
        for one in _SEARCHED.finditer(found):
            yield os.fsdecode(one[1]), one[2], one[3]
        return
    for here, _, names in (one for top in tops for one in plain.walk(root / top)):
        for name in names:
            if name.endswith((".c", ".h")) and plain.is_plain(here / name):
                file = (here / name).relative_to(root).as_posix()
                for mark, said in _INCLUDE.findall(plain.read(here / name)):
                    yield file, mark, said
