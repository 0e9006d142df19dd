# SPDX-License-Identifier: GPL-2.0-only
"""The names that blocks of C declare, inside one another (C11 6.2.1)."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Scopes(Generic[T]):
    """What names stand for in the scopes around a place; the innermost that has one wins."""

    def __init__(self) -> None:
        """Begin with the outermost scope."""
        self._names: list[set[bytes]] = [set()]
        self._known: dict[bytes, list[T]] = {}  # from the outermost

    def push(self) -> None:
        """Begin a scope."""
        self._names.append(set())

    def pop(self) -> None:
        """End the innermost scope."""
        for name in self._names.pop():
            self._known[name].pop()

    def declare(self, name: bytes, what: T) -> None:
        """Say what a name stands for in the innermost scope from here on."""
        known = self._known.setdefault(name, [])
        if name in self._names[-1]:
            known.pop()
        self._names[-1].add(name)
        known.append(what)

    def get(self, name: bytes) -> T | None:
        """What a name stands for; None where no scope has it."""
        known = self._known.get(name)
        return known[-1] if known else None

    def here(self, name: bytes) -> T | None:
        """What the innermost scope itself says of a name."""
        return self._known[name][-1] if name in self._names[-1] else None

    def __contains__(self, name: bytes) -> bool:
        """Whether any scope has a name."""
        return bool(self._known.get(name))
