# SPDX-License-Identifier: GPL-2.0-only
"""What faults are seeded into: the own corpus, and real drivers as the tool converts them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from real import half, seed_any
from real.seed_faults import Fault, seed

from netmem_migrate import api
from netmem_migrate.results import FileChange

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
_OWN_INCLUDE = re.compile(rb'(#include ")(?:before|after)')


@dataclass(frozen=True, slots=True)
class Subject:
    """A driver before and after its conversion. Files that did not change are there as well."""

    name: str
    root: Path
    files: tuple[FileChange, ...]

    def faults(self, each: int, chosen: int | None = None) -> Iterator[Fault]:
        """At most `each` faults of a kind in each file, see seed_faults; and every half.

        With a seed, faults of any kind as well (seed_any.py), at places that it chooses.
        """
        for file in self.files:
            yield from seed(file.path, file.after, each=each)
            if chosen is not None:
                yield from seed_any.seed(file.path, file.after, each=each, seed=chosen)
            if file.before != file.after:
                yield from half.faults(file)

    def with_fault(self, fault: Fault) -> tuple[FileChange, ...]:
        """The driver with a fault in its converted side."""
        return tuple(replace(file, after=fault.text) if file.path == fault.path else file
                     for file in self.files)


def own() -> list[Subject]:
    """Every folder of the corpus that is converted."""
    found = []
    for folder in sorted(CORPUS.glob("[0-9][0-9]-*")):
        files = []
        for after in sorted(folder.glob("after*.[ch]")):
            tail = after.name.removeprefix("after")
            before = folder / f"before{tail}"
            files.append(FileChange(f"demo{tail}", _renamed(before), _renamed(after)))
        if files:
            found.append(Subject(f"corpus/{folder.name}", folder, tuple(files)))
    return found


def _renamed(path: Path) -> bytes:
    return _OWN_INCLUDE.sub(rb"\1demo", path.read_bytes())


def folders(root: Path) -> list[Path]:
    """The driver folders of a tree that the facts in corpus/kernel.toml call converted."""
    tables = tomllib.loads((CORPUS / "kernel.toml").read_text())["kernel"]
    names = {driver["path"] for table in tables for driver in table["driver"]
             if driver["verdict"] in ("would-convert", "partial")}
    return [root / name for name in sorted(names) if (root / name).exists()]


def real(folder: Path, root: Path) -> Subject:
    """A driver of a tree and its conversion; nothing is written."""
    run = api.migrate([folder], kernel=root, judge=False, one_driver=True)
    migration = run.drivers[0]
    changed = {change.path for change in migration.changes}
    files = [change for step in migration.steps for change in step.changes]
    for name in migration.report.files:
        source = (run.root / name).read_bytes()
        if name not in changed and (b"page_pool" in source or b"PP_FLAG_" in source):
            files.append(FileChange(name, source, source))
    return Subject(folder.relative_to(root).as_posix(), root,
                   tuple(sorted(files, key=lambda one: one.path)))
