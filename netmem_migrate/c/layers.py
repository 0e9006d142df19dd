# SPDX-License-Identifier: GPL-2.0-only
"""What is known of names in arms of `#if`, or in blocks, that are inside one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Layers(Generic[T]):
    """The arms, or blocks, around a place, from the outermost; what an inner one says wins."""

    def __init__(self) -> None:
        """Begin with what is outside of all."""
        self._layers: list[dict[bytes, T]] = [{}]
        self._where: dict[bytes, list[int]] = {}  # the layers, from the outermost, that have a name

    @property
    def first(self) -> dict[bytes, T]:
        """What the outermost says."""
        return self._layers[0]

    @property
    def last(self) -> Mapping[bytes, T]:
        """What the innermost says."""
        return self._layers[-1]

    def push(self, layer: dict[bytes, T]) -> None:
        """Begin one with what it says at first."""
        for name in layer:
            self._where.setdefault(name, []).append(len(self._layers))
        self._layers.append(layer)

    def pop(self) -> dict[bytes, T]:
        """End the innermost; what it said."""
        layer = self._layers.pop()
        for name in layer:
            self._where[name].pop()
        return layer

    def say(self, names: Mapping[bytes, T] | Iterable[tuple[bytes, T]]) -> None:
        """Note what the innermost says of names."""
        for name, known in dict(names).items():
            if name not in self._layers[-1]:
                self._where.setdefault(name, []).append(len(self._layers) - 1)
            self._layers[-1][name] = known

    def __contains__(self, name: bytes) -> bool:
        """Whether any of them says something of a name."""
        return bool(self._where.get(name))

    def __getitem__(self, name: bytes) -> T:
        """What the innermost of those says that do."""
        return self._layers[self._where[name][-1]][name]
