# SPDX-License-Identifier: GPL-2.0-only
"""The headers under include/ that an include line brings along.

Neither those of an architecture nor generated ones: what a driver's text is must not hang on a
configuration. (Who includes a header is kernel/includes.py's.)
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
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
    """A header's text, the names that it may define, and the paths of those that it includes."""

    text: bytes
    defines: frozenset[bytes]
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
        self._headers: dict[str, Header] = {}
        self._found: dict[str, str | None] = {}
        self._reached: dict[str, Mapping[str, None]] = {}
        self._definers: dict[bytes, list[str]] = {}

    def reached(self, include: str) -> Mapping[str, None]:
        """The headers that `include`, as a line spells it, brings along, itself first."""
        known = self._reached.get(include)
        if known is not None:
            return known
        first = self._find(include)
        seen = {} if first is None else {first: None}
        queue = list(seen)
        while queue:
            for other in self._header(queue.pop()).includes:
                if other not in seen:
                    seen[other] = None
                    queue.append(other)
        self._reached[include] = seen
        return seen

    def defining(self, include: str,
                 names: Iterable[bytes]) -> Iterator[tuple[Header, frozenset[bytes]]]:
        """The headers that an include line brings along and that may define some names: which."""
        reached = self.reached(include)
        found: dict[str, set[bytes]] = {}
        for name in names:
            for path in self._definers.get(name, ()):
                if path in reached:
                    found.setdefault(path, set()).add(name)
        for path, mine in found.items():
            yield self._headers[path], frozenset(mine)

    def _header(self, path: str) -> Header:
        known = self._headers.get(path)
        if known is None:
            text = plain.read(self._root / path)
            defines = frozenset(_DEFINE.findall(text))
            includes = {self._named(path, mark == b'"', os.fsdecode(name)): None
                        for mark, name in include_lines(text)}
            known = self._headers[path] = Header(text, defines, tuple(
                one for one in includes if one is not None))
            for name in defines:
                self._definers.setdefault(name, []).append(path)
        return known

    def _named(self, path: str, quoted: bool, name: str) -> str | None:
        """The path of the header that an include line of a header names."""
        if quoted:
            beside = os.path.normpath(f"{path.rpartition('/')[0]}/{name}")
            if plain.is_plain(self._root / beside):
                name = beside.partition("/")[2]
        return self._find(name)

    def _find(self, name: str) -> str | None:
        """The path of the header that an include line in <> names; None where the tree has none."""
        if name not in self._found:
            self._found[name] = next(
                (one for folder in FOLDERS
                 if not _LEFT.search(one := os.path.normpath(f"{folder}/{name}"))
                 and plain.is_plain(self._root / one)), None)
        return self._found[name]
