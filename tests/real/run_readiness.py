# SPDX-License-Identifier: GPL-2.0-only
"""Drivers of linux 7.3.4 that were judged by hand, and what the tool says of them.

    run_readiness.py [VERSION|TREE] [DRIVER...]

Differences are listed with the places that the tool rests on, and counted apart for the drivers
that the rules of judging were made with (readiness.tsv) and those that were read since
(readiness-more.tsv). Each of those places must be code that the flow reaches from where the pool is
created, of the module that does, or of the library that does for it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from run import tree_of

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.flow.judge.rules import Judge
from netmem_migrate.flow.judge.unit import Unit, units
from netmem_migrate.job import job_of, target_of
from netmem_migrate.kernel.drivers import find
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.options import Conversion
from netmem_migrate.results import Requirement

READ = "7.3.4"
TABLES = {"readiness.tsv": 0, "readiness-more.tsv": 1}
"""How many cells of each may differ."""


def main() -> int:
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    version = Kernel.at(root).version
    if version != READ:
        print(f"linux {version} was not judged by hand, only {READ}")
        return 0
    failed = False
    for table, allowed in TABLES.items():
        failed |= _compared(root, Path(__file__).parent / table, allowed)
    return int(failed)


def _compared(root: Path, table: Path, allowed: int) -> bool:
    """Whether too many cells of a table differ, or any place is none of the driver's."""
    started = time.monotonic()
    differ = odd = cells = 0
    for driver, path, wanted in _drivers(table, sys.argv[2:]):
        judge, found = _judged(root, root / path)
        for key, status in wanted.items():
            cells += 1
            one = found[key]
            if one.status.value != status:
                differ += 1
                at = ", ".join(f"{place.file}:{place.line}" for place in one.evidence)
                print(f"{driver} {key}: {one.status.value} ({one.basis.value}), by hand {status}; "
                      f"{at or 'no place'}")
            for place in one.evidence:
                if not _is_code(judge.unit, place.file, place.line) or not judge.reach.covers_line(
                        place.file, place.line):
                    odd += 1
                    print(f"{driver} {key}: {place.file}:{place.line} is no code of the driver")
    print(f"{table.name}: {cells} cells, {differ} differ, {odd} places are no code of the driver, "
          f"{time.monotonic() - started:.0f} s")
    return differ > allowed or odd > 0


def _drivers(table: Path, only: list[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in table.read_text(encoding="utf-8").splitlines():
        if line.startswith(("#", "driver\t")):
            continue
        driver, path, key, status = line.split("\t")[:4]
        found.setdefault((driver, path), {})[key] = status
    for (driver, path), wanted in found.items():
        if not only or driver in only:
            yield driver, path, wanted


def _judged(root: Path, path: Path) -> tuple[Judge, dict[str, Requirement]]:
    """The unit that a file is of, or the first of a folder, and how it is judged."""
    options = Conversion()
    folder = path.parent if path.is_file() and path.parent.name != "net" else path
    job = job_of(find(folder, root), target_of(Kernel.at(root), options), options)
    assert job is not None
    name = path.relative_to(root).as_posix()
    every = units(job.analysis)
    unit = next((one for one in every if name in one.own), every[0])
    sites = job.migration(judge=False).report.sites
    judge = Judge(unit, sites)
    return judge, judge.judged()


def _is_code(unit: Unit, file: str, line: int) -> bool:
    lines = code_of(unit.texts.get(file, b"")).split(b"\n")
    return line <= len(lines) and bool(lines[line - 1].strip())


if __name__ == "__main__":
    sys.exit(main())
