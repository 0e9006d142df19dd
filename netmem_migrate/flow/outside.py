# SPDX-License-Identifier: GPL-2.0-only
"""What other parts of the tree use of a driver: its headers' members and its functions."""

from __future__ import annotations

import re
from pathlib import Path

from netmem_migrate.includes import Includes, near
from netmem_migrate.syntax.mask_text import code_of


class Outside:
    """Looks for uses in files that are not the driver's own; `root` is None outside a tree."""

    def __init__(self, root: Path | None) -> None:
        self.root = root
        self._reaching: dict[str, frozenset[str]] = {}
        self._includes: dict[tuple[str, ...] | None, Includes] = {}
        self._code: dict[str, bytes] = {}

    @property
    def known(self) -> bool:
        """Whether there is a tree to look at."""
        return self.root is not None

    def use(self, header: str, own: frozenset[str], *, member: bytes = b"",
            function: bytes = b"") -> str:
        """`file:line` of a use of a member or a function that a header declares, or ""."""
        word = re.compile(rb"(?:->|\.)\s*" + re.escape(member) + rb"\b" if member
                          else rb"\b" + re.escape(function) + rb"\b")
        for file in sorted(self.reaching(header) - own):
            match = word.search(self._text(file, member or function))
            if match is not None:
                line = self._code[file].count(b"\n", 0, match.start()) + 1
                return f"{file}:{line}"
        return ""

    def reaching(self, header: str) -> frozenset[str]:
        """The files that reach a header."""
        if self.root is None or not header.endswith(".h"):
            return frozenset()
        found = self._reaching.get(header)
        if found is None:
            # All of the tree is read for headers under include/ only: that takes seconds.
            tops = near(self.root, header) if header.startswith("drivers/") else None
            if tops not in self._includes:
                self._includes[tops] = Includes(self.root, tops) if tops else Includes(self.root)
            found = frozenset(self._includes[tops].of([header]))
            self._reaching[header] = found
        return found

    def _text(self, file: str, word: bytes) -> bytes:
        """The code of a file, if it has the word at all."""
        assert self.root is not None
        if file not in self._code:
            data = (self.root / file).read_bytes()
            if word not in data:
                return b""
            self._code[file] = code_of(data)
        return self._code[file]
