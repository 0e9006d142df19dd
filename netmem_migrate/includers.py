# SPDX-License-Identifier: GPL-2.0-only
"""Which files of a kernel tree reach a header, by its includes and those of other headers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]+["<]([^">\n]+)[">]', re.MULTILINE)
_PATH = re.compile(rb"-I\s*(\S+)")
_BUILD = ("Makefile", "Kbuild")
# Where a header of a driver, or one under include/, can be included from.
_TOPS = ("drivers", "net", "include", "arch", "sound", "fs", "lib", "kernel", "mm", "block")


def includes(data: bytes) -> list[str]:
    """The names in a file's #include lines."""
    return [os.fsdecode(name) for name in _INCLUDE.findall(data)]


def includers(root: Path, headers: Iterable[str]) -> set[str]:
    """Every .c and .h file of the tree that reaches one of the headers.

    The whole tree is searched for the headers' file names, round after round.
    """
    index: dict[str, list[str]] = {}
    found: set[str] = set()
    wanted = set(headers)
    asked: set[str] = set()
    while names := {PurePosixPath(one).name for one in wanted} - asked:
        asked |= names
        for file in _naming(root, names):
            if file not in index:
                index[file] = includes((root / file).read_bytes())
        found = _reaching(index, set(wanted))
        wanted |= {file for file in found if file.endswith(".h")}
    return found


def nearby_includers(root: Path, header: str) -> set[str]:
    """The same for a driver's header, searched where it can be found by the compiler.

    That is its vendor's folder, and folders whose Makefile names one above the header with -I.
    """
    folders = [_vendor(header), *_pointing(root, header)]
    index: dict[str, list[str]] = {}
    for folder in dict.fromkeys(folders):
        index.update(_index(root, folder))
    return _reaching(index, {header})


@lru_cache(maxsize=32)
def _index(root: Path, folder: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for where, below, names in os.walk(root / folder):
        below.sort()
        for name in names:
            if name.endswith((".c", ".h")) and not name.endswith(".mod.c"):
                path = Path(where, name)
                found[path.relative_to(root).as_posix()] = includes(path.read_bytes())
    return found


def _naming(root: Path, names: Iterable[str]) -> list[str]:
    """Files that contain one of the words; grep reads a tree many times faster than Python."""
    words = sorted(names)
    tops = [top for top in _TOPS if (root / top).is_dir()]
    if shutil.which("grep"):
        options = [f"--regexp={word}" for word in words]
        done = subprocess.run(["grep", "-rlZF", "--include=*.[ch]", *options, "--", *tops],
                              cwd=root, check=False, capture_output=True,
                              stdin=subprocess.DEVNULL)
        return sorted(os.fsdecode(one) for one in done.stdout.split(b"\0")
                      if one and not one.endswith(b".mod.c"))
    found: list[str] = []
    for top in tops:
        for where, _, files in os.walk(root / top):
            for name in files:
                path = Path(where, name)
                if name.endswith((".c", ".h")) and not name.endswith(".mod.c"):
                    data = path.read_bytes()
                    if any(word.encode() in data for word in words):
                        found.append(path.relative_to(root).as_posix())
    return sorted(found)


def _reaching(index: dict[str, list[str]], wanted: set[str]) -> set[str]:
    found: set[str] = set()
    grew = True
    while grew:
        grew = False
        for file, names in index.items():
            if file not in found and any(_is(index, file, one, wanted) for one in names):
                found.add(file)
                grew = True
                if file.endswith(".h"):
                    wanted.add(file)
    return found


def _is(index: dict[str, list[str]], file: str, name: str, wanted: set[str]) -> bool:
    """Whether an include is one of the wanted files: beside the file, or by an include path."""
    beside = os.path.normpath(PurePosixPath(file).parent / name)
    if beside in wanted:
        return True
    if beside in index:
        return False
    return any(one.endswith("/" + name.lstrip("./")) for one in wanted)


def _vendor(header: str) -> str:
    """drivers/net/ethernet/VENDOR, or drivers/net/DRIVER."""
    parts = PurePosixPath(header).parts
    return "/".join(parts[:4] if len(parts) > 4 else parts[:-1])


def _pointing(root: Path, header: str) -> list[str]:
    """Folders whose build rules put a folder above the header into the include path."""
    above = {str(one) for one in PurePosixPath(header).parents} - {"."}
    return [folder for folder, paths in _include_paths(root) if above.intersection(paths)]


@lru_cache(maxsize=4)
def _include_paths(root: Path) -> Sequence[tuple[str, frozenset[str]]]:
    found: list[tuple[str, frozenset[str]]] = []
    for where, _, names in os.walk(root / "drivers"):
        for name in _BUILD:
            if name not in names:
                continue
            here = Path(where).relative_to(root).as_posix()
            paths = set()
            for raw in _PATH.findall((Path(where) / name).read_bytes()):
                text = os.fsdecode(raw)
                for variable, value in (("$(srctree)/", ""), ("$(src)", here), ("$(obj)", here)):
                    text = text.replace(variable, value)
                paths.add(os.path.normpath(text))
            if paths:
                found.append((here, frozenset(paths)))
    return found
