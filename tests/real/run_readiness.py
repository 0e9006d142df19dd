# SPDX-License-Identifier: GPL-2.0-only
"""Drivers of linux 7.3.4 that were judged by hand (readiness.tsv), and what the tool says of them.

    run_readiness.py [VERSION|TREE] [DRIVER...]

Differences are listed with the places that the tool rests on. Each of those places must be code of
the module that creates the pool, or of the library that does for it.
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

TABLE = Path(__file__).parent / "readiness.tsv"
READ = "7.3.4"
ALLOWED = 5


def main() -> int:
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    version = Kernel.at(root).version
    if version != READ:
        print(f"linux {version} was not judged by hand, only {READ}")
        return 0
    started = time.monotonic()
    differ = odd = cells = 0
    for driver, path, wanted in _drivers(sys.argv[2:]):
        unit, found = _judged(root, root / path)
        for key, status in wanted.items():
            cells += 1
            one = found[key]
            if one.status.value != status:
                differ += 1
                at = ", ".join(f"{place.file}:{place.line}" for place in one.evidence)
                print(f"{driver} {key}: {one.status.value} ({one.basis.value}), by hand {status}; "
                      f"{at or 'no place'}")
            for place in one.evidence:
                if place.file not in unit.files or not _is_code(unit, place.file, place.line):
                    odd += 1
                    print(f"{driver} {key}: {place.file}:{place.line} is no code of the driver")
    print(f"{cells} cells, {differ} differ, {odd} places are no code of the driver, "
          f"{time.monotonic() - started:.0f} s")
    return 1 if differ > ALLOWED or odd else 0


def _drivers(only: list[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith(("#", "driver\t")):
            continue
        driver, path, key, status = line.split("\t")
        found.setdefault((driver, path), {})[key] = status
    for (driver, path), wanted in found.items():
        if not only or driver in only:
            yield driver, path, wanted


def _judged(root: Path, path: Path) -> tuple[Unit, dict[str, Requirement]]:
    """The unit that a file is of, or the first of a folder, and how it is judged."""
    options = Conversion()
    folder = path.parent if path.is_file() and path.parent.name != "net" else path
    job = job_of(find(folder, root), target_of(Kernel.at(root), options), options)
    assert job is not None
    name = path.relative_to(root).as_posix()
    every = units(job.analysis)
    unit = next((one for one in every if name in one.own), every[0])
    sites = job.migration(judge=False).report.sites
    return unit, Judge(unit, sites).judged()


def _is_code(unit: Unit, file: str, line: int) -> bool:
    lines = code_of(unit.texts[file]).split(b"\n")
    return line <= len(lines) and bool(lines[line - 1].strip())


if __name__ == "__main__":
    sys.exit(main())
