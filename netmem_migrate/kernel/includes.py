# SPDX-License-Identifier: GPL-2.0-only
"""Who includes a header, anywhere in a kernel tree.

The compiler's own dependencies are not recorded for files that are not built, so an include is
resolved as kbuild would: beside the file, under include/, by the -I options of the folder's
Makefile. Where a Makefile names a folder by a variable, only the end of it is compared, and
of several headers the nearest is meant.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path, PurePosixPath

from netmem_migrate.files import plain

# Code outside of these does not include headers of drivers.
_TOPS = ("drivers", "net", "sound", "samples", "include")
# Tables of registers take 400 MB of the tree; no file has its first include line so late.
_READ = 1 << 19
_SHARED = ("include", "include/uapi")
_BUILD = ("Kbuild", "Makefile")
_INCLUDE = re.compile(rb'include[ \t]*(["<])([^">\n]+)[">]')
_OPTION = re.compile(r"(?<!\S)-I[ \t]*(\S+)")
_VARIABLE = re.compile(r"\$[({][^)}]*[)}]")
_Lines = tuple[tuple[bool, str], ...]
# More than the files of one tree, so that reading it again costs a stat of each.
_KNOWN = 1 << 17


class Includes:
    """The include lines of a tree, read once; each object keeps the state of when it was made.

    `tops` are the folders to read, where not all of the tree is wanted.
    """

    def __init__(self, root: Path, tops: Iterable[str] = _TOPS) -> None:
        self._root = root
        self._by_file: dict[str, _Lines] = {}
        self._by_name: dict[str, set[str]] = {}
        self._named: dict[str, list[str]] = {}
        self._options: dict[str, tuple[str, ...]] = {}
        self._whole = tops == _TOPS
        for top in tops:
            self._read(top)

    def of(self, headers: Iterable[str]) -> set[str]:
        """All files that reach one of the headers, through other headers too.

        Files are POSIX paths relative to the root; the headers themselves are not among them,
        unless another of them includes them.
        """
        found: set[str] = set()
        queue = list(headers)
        while queue:
            header = queue.pop()
            for file in self.directly(header) - found:
                found.add(file)
                if file.endswith(".h"):
                    queue.append(file)
        return found

    def directly(self, header: str) -> set[str]:
        """The files with an include line that can mean the header."""
        base = header.rpartition("/")[2]
        return {file for file in self._by_name.get(base, ())
                if any(self._means(file, quoted, name, header)
                       for quoted, name in self._by_file[file])}

    def _read(self, top: str) -> None:
        start = len(os.fspath(self._root)) + 1
        queue = [os.fspath(self._root / top)] if (self._root / top).is_dir() else []
        while queue:
            with os.scandir(queue.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        queue.append(entry.path)
                    elif (entry.name.endswith((".c", ".h"))
                          and not entry.name.endswith(".mod.c")
                          and (entry.is_file() or plain.is_plain(Path(entry.path)))):
                        file = entry.path[start:]
                        self._named.setdefault(entry.name, []).append(file)
                        self._by_file[file] = lines = _lines(entry)
                        for _, name in lines:
                            base = name.rpartition("/")[2]
                            self._by_name.setdefault(base, set()).add(file)

    def _means(self, file: str, quoted: bool, name: str, header: str) -> bool:
        """Whether an include line of `file` can mean the header."""
        here = PurePosixPath(file).parent.as_posix()
        if quoted:
            beside = os.path.normpath(f"{here}/{name}")
            if beside == header or beside in self._by_file:
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
                if there == header or there in self._by_file:
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
        return file in self._by_file or (not self._whole and (self._root / file).is_file())

    def _folders(self, here: str) -> tuple[str, ...]:
        """What the -I options of a folder's build rules name, with those of its parents."""
        known = self._options.get(here)
        if known is None:
            said: list[str] = []
            for build in _BUILD:
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


@lru_cache(maxsize=1024)
def defining(root: Path, tag: str) -> bool:
    """Whether a header under include/ defines a record, "struct foo"."""
    word, _, name = tag.partition(" ")
    done = subprocess.run(
        ["grep", "-rqE", "--include=*.h", rf"^[ \t]*(typedef[ \t]+)?{word}[ \t]+{name}[^;(]*$",
         "include"], cwd=root, check=False, capture_output=True, stdin=subprocess.DEVNULL)
    return done.returncode == 0


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


@lru_cache(maxsize=4)
def _crossing(root: Path) -> tuple[tuple[str, str], ...]:
    """Folders of drivers that include a file of another vendor by its path, and that vendor."""
    # grep reads a tree many times faster than Python.
    done = subprocess.run(
        ["grep", "-rEo", "--include=*.[ch]", r'^#[ \t]*include[ \t]+"(\.\./)+[^"]+"', "drivers"],
        cwd=root, check=False, capture_output=True, stdin=subprocess.DEVNULL)
    found: dict[tuple[str, str], None] = {}
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        file, _, said = line.partition(":")
        folder = file.rpartition("/")[0]
        target = _vendor(os.path.normpath(f"{folder}/{said.split(chr(34))[1]}"))
        if target.startswith("drivers/") and not f"{folder}/".startswith(f"{target}/"):
            found[folder, target] = None
    return tuple(found)


@lru_cache(maxsize=4)
def _pointing(root: Path) -> tuple[tuple[str, frozenset[str]], ...]:
    """The folders of drivers whose build rules have -I options, and what those name."""
    found: list[tuple[str, frozenset[str]]] = []
    for where, _, names in plain.walk(root / "drivers"):
        here = where.relative_to(root).as_posix()
        paths = {Includes.place(here, option) for build in _BUILD if build in names
                 for option in _options(where / build)}
        if paths:
            found.append((here, frozenset(paths)))
    return tuple(found)


def _options(build: Path) -> list[str]:
    """What the -I options of build rules name."""
    return _OPTION.findall((plain.optional(build) or b"").decode("utf-8", "replace"))


def _shared(one: str, other: str) -> int:
    """How many folders two paths share, from the root."""
    return len(PurePosixPath(os.path.commonpath((one, other))).parts)


def _lines(entry: os.DirEntry[str]) -> _Lines:
    """The includes of a file, and whether each is quoted; read again only if it changed."""
    stat = entry.stat()
    return _read_lines(entry.path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=_KNOWN)
def _read_lines(path: str, changed: int, size: int) -> _Lines:
    """The same, for a file that was last changed then, to that size."""
    data = plain.read(Path(path), _READ)
    # A plain search is many times faster, and all that large headers need.
    return tuple((mark == b'"', os.fsdecode(name)) for mark, name in _INCLUDE.findall(data)
                 ) if b"include" in data else ()
