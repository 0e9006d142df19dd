# SPDX-License-Identifier: GPL-2.0-only
"""Searches of many files by grep, which reads a tree many times faster than Python does.

What was searched for, and found, is noted (files/facts.py). A tree whose files have the status that
they had then is not searched again to see whether that still holds.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import IO

from netmem_migrate.files import facts, plain
from netmem_migrate.kernel.held import held

# What a folder holds is bytes, and in no language.
_ENVIRONMENT = {"LC_ALL": "C"}
SOURCES = "--include=*.[ch]"
BUILD = ("Makefile", "Kbuild")
"""What holds a folder's build rules (Documentation/kbuild/makefiles.rst)."""
_SEARCH, _BELOW = "search", "below"
_PARTS = re.compile(rb"[\n\0]")
_SUFFIXES = (".c", ".h")
# Coarser than the clock of any file system.
_MARGIN = 2 * 10**9


class Search:
    """A search that goes on beside what else is done, until it is asked what was found."""

    def __init__(self, root: Path, pattern: str, tops: Sequence[str], *options: str) -> None:
        """Begin to search the files below folders of `root`, which have to be there.

        `options` are further ones of grep's; links are not followed.
        """
        self._asked = (os.fspath(root), pattern, "\0".join(tops), "\0".join(options))
        self._found: IO[bytes] = tempfile.TemporaryFile(  # noqa: SIM115 - closed when it is read
            prefix="netmem-migrate-")
        self._grep: subprocess.Popen[bytes] | None = None
        if tops:
            try:
                self._grep = subprocess.Popen(
                    ["grep", "-ra", *options, "-e", pattern, "--", *tops], cwd=root,
                    stdin=subprocess.DEVNULL, stdout=self._found, stderr=subprocess.DEVNULL,
                    env={**os.environ, **_ENVIRONMENT})
            except OSError:
                self._found.close()

    def found(self, *, whole: bool = True) -> bytes | None:
        """What grep prints. None without a grep, and where, though all is wanted (`whole`), not all
        could be read."""
        found = self._read(whole=whole)
        facts.note(_digest(found), _SEARCH, *self._asked, str(whole))
        return found

    def _read(self, *, whole: bool) -> bytes | None:
        if self._found.closed:
            return None
        with self._found:
            status = self._grep.wait() if self._grep is not None else 0
            if status > 1 and whole:
                return None
            self._found.seek(0)
            return self._found.read()

    def stop(self) -> None:
        """Nobody asks."""
        if self._grep is not None and self._grep.poll() is None:
            self._grep.kill()
            self._grep.wait()
        self._found.close()


def search(root: Path, pattern: str, tops: Sequence[str], *options: str,
           whole: bool = True) -> bytes | None:
    """What a search finds; as Search says."""
    return Search(root, pattern, tops, *options).found(whole=whole)


@facts.again(_SEARCH)
def _search_again(root: str, pattern: str, tops: str, options: str, whole: str) -> str:
    with facts.watching():
        return _digest(search(Path(root), pattern, tops.split("\0") if tops else [],
                              *options.split("\0"), whole=whole == str(True)))


def _digest(found: bytes | None) -> str:
    # In which order grep reads a folder, the file system says.
    return "" if found is None else _sum(sorted(_PARTS.split(found)))


def _sum(parts: Iterable[bytes]) -> str:
    return blake2b(b"\0".join(parts), digest_size=16).hexdigest()


@held
def below(root: Path, top: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The sources below a folder of a tree, in no order, and which of them are links."""
    found = _below(root, top)
    facts.note(_sum(sorted(map(os.fsencode, found[0]))), _BELOW, os.fspath(root), top)
    return found


def _below(root: Path, top: str) -> tuple[tuple[str, ...], frozenset[str]]:
    start = len(os.fspath(root)) + 1
    queue = [os.fspath(root / top)]
    files: list[str] = []
    links: set[str] = set()
    while queue:
        with os.scandir(queue.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    queue.append(entry.path)
                elif (entry.name.endswith(_SUFFIXES) and not entry.name.endswith(".mod.c")
                      and (entry.is_file() or plain.is_plain(Path(entry.path)))):
                    files.append(entry.path[start:])
                    if entry.is_symlink():
                        links.add(files[-1])
    return tuple(files), frozenset(links)


@facts.again(_BELOW)
def _below_again(root: str, top: str) -> str:
    with facts.watching():
        return _sum(sorted(map(os.fsencode, _below(Path(root), top)[0])))


# -- whether a tree is as it was


def tops(question: facts.Question) -> list[tuple[str, str]]:
    """The folders of trees that the answer to a question of the disk is found in; none of one that
    is asked of single files."""
    if question[0] == _SEARCH:
        return [(question[1], top) for top in question[3].split("\0") if top]
    return [(question[1], question[2])] if question[0] == _BELOW else []


def sign(root: str, top: str, since: int) -> str:
    """What the status of all files is that searches read below a folder, as one word.

    "" where one was changed after `since`, in nanoseconds, or shortly before: what was changed then
    can have been changed again, with no other status.
    """
    parts: list[str] = []
    last = 0
    queue = [f"{root}/{top}"]
    try:
        while queue:
            here = queue.pop()
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        queue.append(entry.path)
                    elif entry.name.endswith(_SUFFIXES) or entry.name in BUILD:
                        status = entry.stat()
                        last = max(last, status.st_ctime_ns, status.st_mtime_ns)
                        parts.append(f"{entry.path}\0{status.st_ino}\0{status.st_size}\0"
                                     f"{status.st_mtime_ns}\0{status.st_ctime_ns}"
                                     f"\0{status.st_mode}")
    except OSError:
        return ""
    if last > since - _MARGIN:
        return ""
    return _sum(os.fsencode(one) for one in sorted(parts))
