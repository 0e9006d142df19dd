# SPDX-License-Identifier: GPL-2.0-only
"""Hold the rules on half conversions against code that compiles: two releases, as one patch.

    run_halves.py [OLD] [NEW]

Every folder that uses page_pool in both releases (6.12 and 7.3) becomes a patch from the one to the
other, and back. Both sides compile, so whatever the rules find is false: it is printed, and the
exit code is 1.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from netmem_migrate.check.half.halves import halves
from netmem_migrate.check.sources import functions_of
from netmem_migrate.kernel.drivers import beside, is_source
from netmem_migrate.kernel.fetch import pick
from netmem_migrate.results import FileChange

PLACES = ("drivers/net", "net/core", "net/bpf")
_POOL = re.compile(rb"page_pool")


def folders(root: Path) -> set[str]:
    """The folders of a tree in which a source names page_pool."""
    return {file.parent.relative_to(root).as_posix() for place in PLACES
            for file in (root / place).rglob("*.[ch]") if _POOL.search(file.read_bytes())}


def changed(folder: str, old: Path, new: Path) -> Iterator[FileChange]:
    """What a folder's files become; a file that is new was empty."""
    for file in sorted((new / folder).iterdir()):
        if file.is_file() and is_source(file.name):
            was = old / folder / file.name
            change = FileChange(f"{folder}/{file.name}", was.read_bytes() if was.is_file() else b"",
                                file.read_bytes())
            if change.before != change.after:
                yield change


def main() -> int:
    """Print what is found, and how much was looked at."""
    trees = [pick(name) for name in (sys.argv[1:3] + ["6.12", "7.3"][len(sys.argv) - 1:])]
    both = sorted(set.intersection(*(folders(one.root) for one in trees)))
    files = wrong = 0
    for old, new in (trees, trees[::-1]):
        for folder in both:
            changes = list(changed(folder, old.root, new.root))
            if not changes:
                continue
            files += len(changes)
            for one in halves(changes, functions_of(new.api),
                              beside(new.root, [change.path for change in changes])):
                wrong += 1
                print(f"{one.file}:{one.line}: {one.id}: {one.function}: {one.message}")
    print(f"{files} files of {len(both)} folders, {wrong} findings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
