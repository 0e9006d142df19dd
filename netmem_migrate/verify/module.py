# SPDX-License-Identifier: GPL-2.0-only
"""A module's folder outside of the kernel, set beside a prepared tree as kbuild's `M=` has it.

Documentation/kbuild/modules.rst. A farm of links holds the tree and, in a folder of its own, the
module, so that the proof is that of a driver in the tree. Neither is written.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.kernel.search import BUILD
from netmem_migrate.verify.overlay import BUILT

PLACE = "netmem-module"
"""The folder of the farm that holds what the patches apply to."""
_BUILDS = re.compile(r"^\s*obj-(?:m|y|\$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Module:
    """A module: `base` is the folder that paths in patches begin at, `folder` the one for `M=`."""

    base: Path
    folder: Path


def find(files: Sequence[str], start: Path, given: bool) -> Module:
    """The module that patches of `files` are of, `start` or above it.

    `given` says that `start` is the folder for `M=`; else the outermost one above the files that
    has rules of kbuild is. Raises InputError where the files are not there, or no rules.
    """
    start = start.resolve()
    base = next((one for one in (start, *start.parents)
                 if all((one / file).is_file() for file in files)), None)
    if base is None:
        raise InputError(f"{start}: has no {files[0]}, nor has a folder above it")
    if given:
        if not _has_rules(start):
            raise InputError(f"{start}: no Makefile or Kbuild in it names an object (obj-m)")
        return Module(base, start)
    above = Path(os.path.commonpath([base / file for file in files]))
    between = [one for one in (above, *above.parents) if one.is_relative_to(base) and one.is_dir()]
    for folder in reversed(between):
        if _has_rules(folder):
            return Module(base, folder)
    raise InputError(f"{base}: no Makefile or Kbuild above {files[0]} names an object (obj-m)")


def _has_rules(folder: Path) -> bool:
    return any(_BUILDS.search(plain.read(folder / name).decode("utf-8", "replace"))
               for name in BUILD if (folder / name).is_file())


@contextlib.contextmanager
def beside(tree: Path, module: Module) -> Iterator[tuple[Path, str]]:
    """The root of the farm, while it is there, and the module's folder in it."""
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        root = Path(name).resolve()
        for entry in tree.iterdir():
            (root / entry.name).symlink_to(entry)
        for where, folders, files in os.walk(module.base):
            folders[:] = [one for one in folders if one != ".git"]
            here = root / PLACE / Path(where).relative_to(module.base)
            here.mkdir(parents=True, exist_ok=True)
            for file in files:
                if not file.endswith(BUILT):
                    (here / file).symlink_to(Path(where) / file)
        yield root, (Path(PLACE) / module.folder.relative_to(module.base)).as_posix()
