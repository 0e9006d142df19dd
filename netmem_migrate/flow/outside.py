# SPDX-License-Identifier: GPL-2.0-only
"""What other parts of the tree use of a driver: its headers' members and its functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.symbols import Symbols
from netmem_migrate.c.types import Member
from netmem_migrate.files import plain
from netmem_migrate.flow import keys
from netmem_migrate.flow.keys import Key
from netmem_migrate.kernel.includes import Includes, defining, near, of_folders, of_tree

ReadUses = Callable[[Symbols, str, frozenset[str]], dict[Key, int]]


class Outside:
    """Looks for uses in files that are not the driver's own; `root` is None outside a tree.

    `read_uses` reads one file of somebody else: it is given what that file declares, its path, and
    the files whose members count, and gives the lines where it uses members, by their keys.
    """

    def __init__(self, root: Path | None, read_uses: ReadUses) -> None:
        self.root = root
        self._read_uses = read_uses
        self._reaching: dict[str, frozenset[str]] = {}
        self._members: dict[str, dict[Key, int]] = {}
        self._code: dict[str, bytes] = {}

    @property
    def known(self) -> bool:
        """Whether there is a tree to look at."""
        return self.root is not None

    def defines(self, tag: str) -> bool:
        """Whether a header under include/ defines a record."""
        return self.root is not None and defining(self.root, tag)

    def calls(self, header: str, name: bytes, own: frozenset[str]) -> str:
        """`file:line` of a use of a function that a header declares, or ""."""
        word = re.compile(rb"\b" + re.escape(name) + rb"\b")
        for file in sorted(self.reaching(header) - own):
            match = word.search(self._text(file, name))
            if match is not None:
                return f"{file}:{self._code[file].count(bytes([10]), 0, match.start()) + 1}"
        return ""

    def uses(self, member: Member, own: frozenset[str], symbols: Symbols) -> str:
        """`file:line` of a use of a member that a header declares, or "".

        Other records have members of the same name, so the files that name it are read.
        """
        word = re.compile(rb"(?:->|\.)\s*" + re.escape(member.name) + rb"\b")
        key = keys.of_member(member)
        for file in sorted(self.reaching(member.file) - own):
            if word.search(self._text(file, member.name)):
                found = self._read(file, own, symbols)
                if key in found or (member.name,) in found:
                    return f"{file}:{found.get(key) or found[member.name,]}"
        return ""

    def _read(self, file: str, own: frozenset[str], symbols: Symbols) -> dict[Key, int]:
        """The lines where a file of somebody else uses members, by the keys of their slots.

        A name that stands on a value of unknown type is a key of its own.
        """
        if file in self._members:
            return self._members[file]
        assert self.root is not None
        there = Symbols(unread=dict(symbols.unread), texts=symbols.texts)
        for path, parsed in symbols.files.items():
            if path.endswith(".h"):
                there.add(path, parsed)
        for header in plain.sources(plain.matching((self.root / file).parent, "*.h")):
            path = header.relative_to(self.root).as_posix()
            if path not in there.files:
                there.postpone(path, plain.read(header))
        there.add(file, there.texts.parse(plain.read(self.root / file)))
        found = self._read_uses(there, file, own | {file})
        self._members[file] = found
        return found

    def reaching(self, header: str) -> frozenset[str]:
        """The files that reach a header."""
        if self.root is None or not header.endswith(".h"):
            return frozenset()
        found = self._reaching.get(header)
        if found is None:
            found = self._reaching[header] = frozenset(self._including(header).of([header]))
        return found

    def folders(self, header: str, own: Collection[str], most: int) -> set[str]:
        """Up to `most` folders outside include/ with files, not among `own`, that reach a header.
        """
        found: set[str] = set()
        for file in self._including(header).each([header]) if self.root is not None else ():
            if file not in own and not file.startswith("include/"):
                found.add(file.rpartition("/")[0])
                if len(found) == most:
                    break
        return found

    def _including(self, header: str) -> Includes:
        """Who includes what, wherever the header can be included."""
        assert self.root is not None
        # All of the tree is read for headers under include/ only: that takes seconds.
        return (of_folders(self.root, near(self.root, header)) if header.startswith("drivers/")
                else of_tree(self.root))

    def _text(self, file: str, word: bytes) -> bytes:
        """The code of a file, if it has the word at all."""
        assert self.root is not None
        if file not in self._code:
            data = plain.read(self.root / file)
            if word not in data:
                return b""
            self._code[file] = code_of(data)
        return self._code[file]
