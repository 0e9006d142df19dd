# SPDX-License-Identifier: GPL-2.0-only
"""What is asked of one driver, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from netmem_migrate.c.arms import Arms
from netmem_migrate.c.parse import Texts
from netmem_migrate.inputs import Input
from netmem_migrate.judged import judged_one
from netmem_migrate.kernel.drivers import Driver
from netmem_migrate.kernel.macros import arms_of
from netmem_migrate.model.relevant import parse_counts
from netmem_migrate.options import Conversion
from netmem_migrate.prepare import prepared
from netmem_migrate.results import DriverReport, Migration, Stopped, Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked of a driver: its conversion by some options.

    `judge` asks for the requirements of netmem.rst in the report, `count` for parse counts over all
    files, not only those that name pages.
    """

    where: Input
    driver: Driver
    options: Conversion
    judge: bool
    count: bool

    def answered(self) -> Answer:
        """Read the driver, cut it, convert it in memory and judge that.

        Raises InputError for what cannot be read.
        """
        driver, api = self.driver, self.where.target.api
        job = prepared(driver, self.where.target, self.options, self.where.named)
        if job is None:
            one, texts = nothing(driver), Texts()
        else:
            one, texts = job.migration(judge=self.judge), job.texts
        if self.count:
            one = _recounted(one, driver, texts, job.analysis.originals if job is not None else {})
        one, stopped = judged_one(one, api)
        # Trees take ten times the room of their texts, and nothing asks for these any more.
        texts.forget()
        if job is None:
            return Answer(one, stopped)
        return Answer(one, stopped,
                      job.analysis.driver.joined if job.scope is not None else (),
                      job.names.intersection(self.options.keep), texts.arms.paths)

    def arms(self, files: Sequence[str]) -> Arms:
        """The arms of the driver where some files decide them, those of an answer."""
        return arms_of({file: self.driver.read(file) for file in files}, self.where.target,
                       self.options.define, self.options.undefine)


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of a driver. `joined` are the folders of the modules that it moves with, `kept`
    the names to keep that it has, and `files` those whose macros decide its arms of `#if`."""

    migration: Migration
    stopped: tuple[Stopped, ...] = ()
    joined: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()


def nothing(driver: Driver) -> Migration:
    """What is said of a driver that does not use page_pool."""
    return Migration(DriverReport(driver.path, driver.files, Verdict.NO_PAGE_POOL))


def _recounted(migration: Migration, driver: Driver, texts: Texts,
               sources: Mapping[str, bytes]) -> Migration:
    counts = parse_counts(texts.parse(sources[file] if file in sources else driver.read(file))
                          for file in migration.report.files)
    return replace(migration, report=replace(migration.report, parse=counts))
