# SPDX-License-Identifier: GPL-2.0-only
"""What is known of names in arms of `#if` that are inside one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netmem_migrate.c.conditions import Name

Layer = dict[bytes, Name | None]
"""What an arm changes; None where nothing is known of a name any more."""


class Layers:
    """The arms around a place, from the outermost; what an inner one says of a name wins."""

    def __init__(self) -> None:
        """Begin with the text outside of any arm."""
        self._layers: list[Layer] = [{}]
        self._where: dict[bytes, list[int]] = {}  # the layers, from the outermost, that have a name

    @property
    def first(self) -> Layer:
        """What the text changes."""
        return self._layers[0]

    @property
    def last(self) -> Mapping[bytes, Name | None]:
        """What the innermost arm changes."""
        return self._layers[-1]

    def push(self, layer: Layer) -> None:
        """Begin an arm."""
        for name in layer:
            self._where.setdefault(name, []).append(len(self._layers))
        self._layers.append(layer)

    def pop(self) -> Layer:
        """End the innermost arm."""
        layer = self._layers.pop()
        for name in layer:
            self._where[name].pop()
        return layer

    def say(self, names: Mapping[bytes, Name | None] | Iterable[tuple[bytes, Name | None]]) -> None:
        """Note what the innermost arm says of names."""
        for name, known in dict(names).items():
            if name not in self._layers[-1]:
                self._where.setdefault(name, []).append(len(self._layers) - 1)
            self._layers[-1][name] = known

    def __contains__(self, name: bytes) -> bool:
        """Whether any of them says something of a name."""
        return bool(self._where.get(name))

    def __getitem__(self, name: bytes) -> Name | None:
        """What the innermost of those says that do."""
        return self._layers[self._where[name][-1]][name]
