# SPDX-License-Identifier: GPL-2.0-only
"""All files of one driver, for the rules that need to see them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from netmem_migrate.c.symbols import Symbols
from netmem_migrate.flow.graph import Slot
from netmem_migrate.flow.keys import Key

if TYPE_CHECKING:
    from netmem_migrate.flow.sync.scopes import World


@dataclass(frozen=True, slots=True)
class Own:
    """The files of the driver, by path."""

    files: tuple[str, ...]
    root: Path | None


@dataclass(frozen=True, slots=True)
class Nothing:
    """No flow graph: rules follow what they ask for themselves."""

    slots: Mapping[Key, Slot] = field(default_factory=dict)


@dataclass(frozen=True)  # no slots: the world is made once, and kept
class Whole:
    """A driver with all of its files. `root` is what their paths are relative to; None where there
    is nothing beside them."""

    symbols: Symbols
    originals: Mapping[str, bytes]
    root: Path | None = None
    graph: Nothing = Nothing()

    @property
    def driver(self) -> Own:
        """Its files."""
        return Own(tuple(self.originals), self.root)

    @cached_property
    def world(self) -> World:
        """Its functions."""
        from netmem_migrate.flow.sync.scopes import World

        return World(self)
