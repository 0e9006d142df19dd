# SPDX-License-Identifier: GPL-2.0-only
"""The library: what other tools can call. The commands go the same way (pipeline.py)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from netmem_migrate import pipeline
from netmem_migrate.check.changes import check_changes
from netmem_migrate.flow.analyse import Analysis, analyse
from netmem_migrate.kernel.macros import arms_of_driver
from netmem_migrate.options import Conversion
from netmem_migrate.pipeline import Progress, check_migration
from netmem_migrate.results import Finding, Run

__all__ = ["analyse_path", "check", "check_changes", "check_migration", "migrate"]


def migrate(paths: Sequence[Path], *, judge: bool = True, progress: Progress | None = None,
            **options: Any) -> Run:
    """Convert the drivers at `paths` in memory; nothing is written.

    Each path is a folder, of which every driver is converted, or a file of one driver; all are in
    one tree, or outside any. `options` are the fields of
    options.Conversion. `judge` asks for the requirements of netmem.rst in the reports. A driver in
    whose conversion the tool's own check finds fault has no changes, and is in `Run.stopped`.
    Raises InputError for input that cannot be processed.
    """
    return pipeline.run(paths, Conversion(**options), judge=judge, progress=progress)


def check(paths: Sequence[Path], **options: Any) -> tuple[Finding, ...]:
    """Judge sources by the model of the netmem API; paths and options as for migrate().

    Raises InputError for input that cannot be processed.
    """
    return pipeline.check(paths, Conversion(**options))


def analyse_path(path: Path, **options: Any) -> Analysis:
    """Follow the pages of one driver, at its folder or a file; options as for migrate().

    Raises InputError for input that cannot be processed.
    """
    settled = Conversion(**options, one_driver=True)
    given = pipeline.one_input([path], settled)
    driver = given.drivers[0]
    return analyse(driver, given.target, arms=arms_of_driver(driver, given.target, settled.define,
                                                             settled.undefine))
