# SPDX-License-Identifier: GPL-2.0-only
"""The headers under include/ that an include line brings along.

Neither those of an architecture nor generated ones: what a driver's text is must not hang on a
configuration. (Who includes a header is kernel/includes.py's.)
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.c.words import include_lines
from netmem_migrate.files import plain
from netmem_migrate.kernel.held import held

FOLDERS = ("include", "include/uapi")
_LEFT = re.compile(r"(?:^|/)(?:asm[^/]*|generated)/")
_DEFINE = re.compile(rb"#[ \t]*+define[ \t]++([A-Za-z_]\w*+)")


@dataclass(frozen=True, slots=True)
class Header:
    """A header that was read: the paths of those that it includes."""

    includes: tuple[str, ...]


@held
def headers_of(root: Path) -> Headers:
    """The headers of a tree; each is read once."""
    return Headers(root)


class Headers:
    """The headers of one tree by path below its root, as they are asked for."""

    def __init__(self, root: Path) -> None:
        """Take a tree of which nothing was read."""
        self._root = root

    def reached(self, include: str) -> Mapping[str, None]:
        """The headers that `include`, as a line spells it, brings along, itself first."""
        return _reached(self._root, include)

    def reached_with(self, include: str, texts: Mapping[str, bytes]) -> Set[str]:
        """The same where some headers, by path, hold other texts than there are on disk."""
        reached = self.reached(include)
        if texts.keys().isdisjoint(reached):
            return reached.keys()
        first = next(iter(reached))
        seen = {first}
        queue = [first]
        while queue:
            path = queue.pop()
            others = (_includes(self._root, path, texts[path]) if path in texts
                      else _header(self._root, path).includes)
            queue += (one for one in others if one not in seen)
            seen.update(others)
        return seen

    def defining(self, include: str,
                 names: Iterable[bytes]) -> Iterator[tuple[bytes, frozenset[bytes]]]:
        """The headers that an include line brings along and that may define some names: the text
        of each, and which."""
        reached = self.reached(include)
        found: dict[str, set[bytes]] = {}
        definers = _definers(self._root)
        for name in names:
            for path in definers.get(name, ()):
                if path in reached:
                    found.setdefault(path, set()).add(name)
        for path, mine in found.items():
            yield plain.read(self._root / path), frozenset(mine)


@held
def _reached(root: Path, include: str) -> Mapping[str, None]:
    first = _find(root, include)
    seen = {} if first is None else {first: None}
    queue = list(seen)
    while queue:
        for other in _header(root, queue.pop()).includes:
            if other not in seen:
                seen[other] = None
                queue.append(other)
    return seen


@held
def _definers(root: Path) -> dict[bytes, list[str]]:
    """The headers, of those that were read, that may define a name."""
    return {}


@held
def _header(root: Path, path: str) -> Header:
    text = plain.read(root / path)
    definers = _definers(root)
    for name in set(_DEFINE.findall(text)):
        definers.setdefault(name, []).append(path)
    return Header(_includes(root, path, text))


def _includes(root: Path, path: str, text: bytes) -> tuple[str, ...]:
    """The headers that the include lines of one name."""
    named = {_named(root, path, mark == b'"', os.fsdecode(name)): None
             for mark, name in include_lines(text)}
    return tuple(one for one in named if one is not None)


def _named(root: Path, path: str, quoted: bool, name: str) -> str | None:
    """The path of the header that an include line of a header names."""
    if quoted:
        beside = os.path.normpath(f"{path.rpartition('/')[0]}/{name}")
        if plain.is_plain(root / beside):
            name = beside.partition("/")[2]
    return _find(root, name)


@held
def _find(root: Path, name: str) -> str | None:
    """The path of the header that an include line in <> names; None where the tree has none."""
    return next((one for folder in FOLDERS
                 if not _LEFT.search(one := os.path.normpath(f"{folder}/{name}"))
                 and plain.is_plain(root / one)), None)
