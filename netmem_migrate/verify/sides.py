# SPDX-License-Identifier: GPL-2.0-only
"""What a patch changes as it is judged by its text: both sides parsed, and the driver around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.flow.analyse import Analysis, analyse
from netmem_migrate.kernel.drivers import find
from netmem_migrate.kernel.macros import arms_of_driver
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.kernel.walk import driver_of
from netmem_migrate.model.target import from_tree
from netmem_migrate.results import FileChange

Parsed = Mapping[str, ParsedFile]


def sides(changes: Mapping[str, FileChange],
          kinds: tuple[str, ...] = (".c", ".h")) -> tuple[Parsed, Parsed] | None:
    """The files that change, before and after; None where none does, or one that is of no such
    kind."""
    changed = {path: one for path, one in changes.items() if one.before != one.after}
    if not changed or not all(path.endswith(kinds) for path in changed):
        return None
    return ({path: one.parsed_before for path, one in changed.items()},
            {path: one.parsed_after for path, one in changed.items()})


def followed(root: Path, path: str, held: Mapping[str, bytes], module: str = "") -> Analysis:
    """The driver that a file is a part of, or a module, with other texts for some of its files.

    Raises InputError for a driver that cannot be read.
    """
    kernel = Kernel.at(root)
    target = from_tree(kernel.root, kernel.api, kernel.version)
    driver = find(root / module, root) if module else driver_of(root / path, root)
    driver = replace(driver, held={**driver.held, **held})
    driver = driver.loaded((*driver.files, *driver.borrowed))
    return analyse(driver, target, arms=arms_of_driver(driver, target))
