# SPDX-License-Identifier: GPL-2.0-only
"""What is at some paths: the drivers that are there, and the API to convert them to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netmem_migrate.convert.passes import chosen
from netmem_migrate.errors import InputError
from netmem_migrate.job import rows_of, target_of
from netmem_migrate.kernel import held
from netmem_migrate.kernel.drivers import Driver, find
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.kernel.walk import MARKS, drivers_at
from netmem_migrate.model.target import Target
from netmem_migrate.options import Conversion
from netmem_migrate.results import Looked


@dataclass(frozen=True, slots=True)
class Input:
    """The drivers at some paths, all below one root, and the API to convert them to.

    `kernel` is the tree that they are in, None outside any. `looked` are the folders that were
    walked for them. `named` are those drivers that paths of their own name, where several do.
    """

    root: Path
    kernel: Kernel | None
    target: Target
    drivers: tuple[Driver, ...]
    looked: tuple[Looked, ...] = ()
    named: frozenset[str] = frozenset()


def inputs(paths: Sequence[Path], options: Conversion) -> tuple[Input, ...]:
    """What is at some paths: folders that hold drivers, and files of drivers.

    One input a kernel tree, and one for all that lies outside any. Raises InputError for what
    holds no C, and for a folder that is a part of a driver.
    """
    if not paths:
        raise InputError("name a folder that holds drivers, or a file of one")
    held.forget()
    given = Kernel.at(options.kernel) if options.kernel is not None else None
    groups: dict[Path | None, list[Path]] = {}
    trees: dict[Path | None, Kernel | None] = {}
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder")
        tree = Kernel.find(path)
        if tree is not None and given is not None and tree.root != given.root:
            raise InputError(f"{path}: not inside the kernel tree {given.root}")
        key = tree.root if tree is not None else None
        trees[key] = tree
        groups.setdefault(key, []).append(path)
    return tuple(_input(mine, trees[key], given, options) for key, mine in groups.items())


def _input(paths: Sequence[Path], tree: Kernel | None, given: Kernel | None,
           options: Conversion) -> Input:
    """What is at paths that are all in one tree, or all outside any.

    Outside, a tree that is `given` says what the API is, and nothing else.
    """
    base = None if tree is not None else _common(paths)
    marks = (*MARKS, *(row.call for row in rows_of(chosen(options)).brought if row.call))
    found = [drivers_at(path, tree.root if tree is not None else None, base,
                        walk=not options.one_driver, marks=marks) for path in paths]
    drivers = tuple({one.path: one for some in found for one in some.drivers}.values())
    looked = tuple(dict.fromkeys(one.looked for one in found if one.looked is not None))
    root = tree.root if tree is not None else base
    assert root is not None
    named = [some.drivers[0].path for some in found if len(some.drivers) == 1]
    return Input(root.resolve(), tree, target_of(tree or given, options), drivers, looked,
                 frozenset(named if len(named) > 1 else ()))


def elsewhere(given: Input, paths: Sequence[Path], tree: Kernel, options: Conversion) -> Input:
    """What is in another tree at the same paths, which are all of one; nothing at those that it
    does not have."""
    there = [tree.root / Path(os.path.realpath(one)).relative_to(given.root) for one in paths]
    return _input([one for one in there if one.exists()], tree, None,
                  replace(options, kernel=None))


def _common(paths: Sequence[Path]) -> Path:
    """The folder that all of some paths lie in, which may be one of them."""
    real = [path.resolve() for path in paths]
    return Path(os.path.commonpath([one if one.is_dir() else one.parent for one in real]))


def to_check(paths: Sequence[Path], options: Conversion) -> tuple[Input, ...]:
    """The same for sources to be judged: a folder in which no driver was found is, as it is."""
    return tuple(replace(one, drivers=(*one.drivers, *_plain(one)))
                 for one in inputs(paths, options))


def _plain(given: Input) -> Iterator[Driver]:
    for one in given.looked:
        if not one.drivers and not (given.kernel is not None and one.path == "."):
            with contextlib.suppress(InputError):  # it has none but in folders of their own
                yield find(given.root / one.path, given.root)


def holding(given: Sequence[Input], file: Path, data: bytes) -> tuple[Input, ...]:
    """The same where the one file that is given holds other data than there is on disk."""
    return tuple(replace(one, drivers=(find(file, one.root, data),)) for one in given)


def one_input(paths: Sequence[Path], options: Conversion) -> Input:
    """The same where there has to be one root. Raises InputError where there are several."""
    first, *others = inputs(paths, options)
    if others:
        raise InputError(f"{paths[0]}, ...: not in one tree; give the paths of one at a time")
    return first
