# SPDX-License-Identifier: GPL-2.0-only
"""The one way from paths to patches: find, analyse, cut, edit, judge.

Every face of the tool goes this way: the library (api.py), the commands, `scan`, `review`. The
judge stands at its end: a conversion in which the tool's own check finds fault leaves nothing
but that finding (docs/checking.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netmem_migrate.c.parse import Texts
from netmem_migrate.check.compare.compare import compare_changes
from netmem_migrate.check.sources import check_sources
from netmem_migrate.convert.edits import convert
from netmem_migrate.convert.naming import new_names
from netmem_migrate.convert.passes import Loaded, chosen, flags
from netmem_migrate.convert.work import Work
from netmem_migrate.errors import InputError, UsageError
from netmem_migrate.flow.analyse import Analysis, analyse, use_page_pool
from netmem_migrate.flow.costs import DEFAULT, WITH_ACCESSOR
from netmem_migrate.flow.cut import solve
from netmem_migrate.kernel.drivers import Driver, find
from netmem_migrate.kernel.macros import arms_of, arms_of_driver
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.model.forms import Table, table
from netmem_migrate.model.relevant import parse_counts
from netmem_migrate.model.target import Target, bundled, from_tree
from netmem_migrate.options import Conversion
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.report.build import report
from netmem_migrate.results import (
    Action,
    DriverReport,
    FileChange,
    Finding,
    Migration,
    Run,
    Severity,
    Stopped,
    Verdict,
)

Progress = Callable[[str], None]


# -- find


@dataclass(frozen=True, slots=True)
class Input:
    """The drivers at some paths, all below one root, and the API to convert them to.

    `kernel` is the tree that they are in, None outside any.
    """

    root: Path
    kernel: Kernel | None
    target: Target
    drivers: tuple[Driver, ...]


def inputs(paths: Sequence[Path], options: Conversion) -> Input:
    """What is at some paths, each a driver's folder or one of its files.

    Raises InputError for what is no driver, and for drivers without a common root.
    """
    if not paths:
        raise InputError("name a driver's folder or file")
    tree, target = target_of(paths[0], options)
    homes = {path.resolve() if path.is_dir() else path.resolve().parent for path in paths}
    if tree is None and len(homes) > 1:
        raise InputError("outside a kernel tree there is no common root; give one driver at a time")
    drivers = tuple(find(path, tree.root if tree else None) for path in paths)
    return Input(drivers[0].root, tree, target, drivers)


def target_of(path: Path, options: Conversion) -> tuple[Kernel | None, Target]:
    """The tree that a path is in, and the netmem API to convert to."""
    tree = Kernel.at(options.kernel) if options.kernel is not None else Kernel.find(path)
    if tree is None:
        return None, bundled(options.api)
    return tree, bundled(options.api) if options.api else from_tree(tree.root, tree.api,
                                                                       tree.version)


# -- analyse, cut, edit


@dataclass(frozen=True, slots=True)
class Job:
    """One driver that was read and cut, with the options that it was cut by."""

    analysis: Analysis
    options: Conversion
    passes: tuple[Loaded, ...]

    @property
    def texts(self) -> Texts:
        """What the driver's texts were parsed to so far."""
        return self.analysis.symbols.texts

    @property
    def names(self) -> frozenset[str]:
        """What its slots are called; `keep` can name those of members and globals."""
        return frozenset(slot.name for slot in self.analysis.graph.slots.values())

    def keeping(self, more: Iterable[str]) -> Job:
        """The same driver, cut so that more names stay pages."""
        kept = tuple(sorted(more))
        if not kept:
            return self
        options = replace(self.options, keep=(*self.options.keep, *kept))
        solution = solve(self.analysis.graph, frozenset(options.keep), self.analysis.costs)
        return replace(self, options=options, analysis=replace(self.analysis, solution=solution))

    def migration(self, *, judge: bool = True) -> Migration:
        """The conversion, not judged yet; `judge` asks for the requirements of netmem.rst."""
        renames = any(one.declared.renames for one in self.passes)
        work = Work(self.analysis, new_names(self.analysis) if renames else {})
        made = convert(work, self.passes)
        # What other drivers of the run keep is no option of this one.
        names = self.names
        mine = replace(self.options, keep=tuple(one for one in self.options.keep if one in names))
        said = report(work, changed=bool(made.changes), judge=judge)
        return Migration(said, made.changes, made.edits, made.steps,
                         mine.arguments(flags()), self.analysis.unreadable)


def job_of(driver: Driver, target: Target, options: Conversion) -> Job | None:
    """Read a driver and cut it; None for one that does not use page_pool."""
    passes = chosen(options)
    rows = _rows(passes)
    if not use_page_pool(map(driver.read, driver.files), rows):
        return None
    arms = arms_of_driver(driver, target, options.define, options.undefine)
    costs = WITH_ACCESSOR if any(one.declared.accessor for one in passes) else DEFAULT
    analysis = analyse(driver, target, keep=frozenset(options.keep), costs=costs,
                       rows=rows, arms=arms)
    if not use_page_pool((analysis.sources[file] for file in driver.files), rows):
        return None  # all of it stands in arms that the target leaves out
    return Job(analysis, options, passes)


def _rows(passes: Sequence[Loaded]) -> Table:
    """The forms that may be converted: not those of passes that nobody asked for."""
    unasked = flags().keys() - {one.declared.id for one in passes}
    gone = [row.page for row in table().rows if row.concern in unasked]
    return table().without(gone) if gone else table()


def nothing(driver: Driver) -> Migration:
    """What is said of a driver that does not use page_pool."""
    return Migration(DriverReport(driver.path, driver.files, Verdict.NOTHING_TO_DO))


def read(given: Input, options: Conversion,
         progress: Progress | None = None) -> Iterator[tuple[Driver, Job | None]]:
    """Each driver once, with its job; `progress` is told of it before it is read.

    Raises InputError for what cannot be read and, after the last one, for a name to keep that no
    slot of any driver has.
    """
    unknown = set(options.keep)
    for driver in {one.path: one for one in given.drivers}.values():
        if progress is not None:
            progress(driver.path)
        job = job_of(driver, given.target, options)
        unknown -= job.names if job is not None else frozenset()
        yield driver, job
    if unknown:
        raise UsageError(f"{min(unknown)}: no member or global of that name holds a page "
                         "here; give STRUCT.MEMBER as the report spells it")


# -- judge


def check_changes(changes: Sequence[FileChange], api: str) -> tuple[Finding, ...]:
    """Judge one patch: what it changes in more than spelling, and what is wrong only after it."""
    before = check_sources({one.path: one.parsed_before for one in changes}, api=api)
    after = check_sources({one.path: one.parsed_after for one in changes}, api=api)
    known = Counter((one.id, one.file, one.function) for one in before)
    new = [one for one in after if not _counted(known, (one.id, one.file, one.function))]
    return (*compare_changes(changes), *new)


def _counted(known: Counter[tuple[str, str, str]], key: tuple[str, str, str]) -> bool:
    """Take one of `known` away, if there is one left."""
    known[key] -= 1
    return known[key] >= 0


def check_patches(steps: Iterable[Sequence[FileChange]], tree: Kernel,
                  options: Conversion) -> Iterator[Finding]:
    """Judge the patches of a series for a tree, each by what the target has of its files."""
    api = options.api or tree.api
    target = Target(api) if options.api else Target(api, release=tree.version, headers=tree.root)
    for step in steps:
        texts = Texts(arms_of({one.path: one.before for one in step}, target, options.define,
                              options.undefine))
        yield from check_changes([replace(one, texts=texts) for one in step
                                  if one.before != one.after], api)


def check(paths: Sequence[Path], options: Conversion) -> tuple[Finding, ...]:
    """Judge the sources at some paths. Raises InputError as run() does."""
    given = inputs(paths, options)
    found = [finding for one in given.drivers for finding in check_sources(
        {file: one.read(file) for file in one.files}, api=given.target.api,
        arms=arms_of_driver(one, given.target, options.define, options.undefine))]
    return tuple(dict.fromkeys(found))


def check_migration(migration: Migration, api: str) -> tuple[Finding, ...]:
    """Judge a conversion before it is written, patch by patch."""
    return tuple(finding for step in migration.steps
                 for finding in check_changes(step.changes, api))


def judged(run: Run) -> Run:
    """The run without the conversions in which the tool's own check finds fault."""
    drivers, stopped = list(run.drivers), list(run.stopped)
    for index, one in enumerate(drivers):
        faults = tuple(finding for finding in check_migration(one, run.api)
                       if finding.severity != Severity.NOTE) if one.changes else ()
        if faults:
            stopped.append(Stopped(one.report.path, faults))
            drivers[index] = _without(one)
    return replace(run, drivers=tuple(drivers), stopped=tuple(stopped)) if stopped else run


def _without(migration: Migration) -> Migration:
    """A migration of which nothing is left: its calls stay."""
    said = migration.report
    sites = tuple(one if one.action is Action.KEPT else
                  replace(one, action=Action.KEPT, to="",
                          reason=Reason(Why.STOPPED)) for one in said.sites)
    return replace(migration, changes=(), edits=(), steps=(), report=replace(
        said, verdict=Verdict.STOPPED, declarations=(), sites=sites))


# -- all of it


def run(paths: Sequence[Path], options: Conversion, *, judge: bool = True,
        count: bool = False, progress: Progress | None = None) -> Run:
    """Convert the drivers at `paths` in memory; nothing is written.

    `judge` asks for the requirements of netmem.rst in the reports, `count` for parse counts over
    all files of each driver, not only those that name pages. `progress` is told of each driver.
    Raises InputError for input that cannot be processed.
    """
    given = inputs(paths, options)
    whole = started(given, ())
    for driver, job in read(given, options, progress):
        one = job.migration(judge=judge) if job is not None else nothing(driver)
        texts = job.texts if job is not None else Texts()
        if count:
            one = _recounted(one, driver, texts, job.analysis.originals if job is not None else {})
        part = judged(started(given, (one,)))
        # Trees take ten times the room of their texts, and nothing asks for these any more.
        texts.forget()
        whole = replace(whole, drivers=(*whole.drivers, *part.drivers),
                        stopped=(*whole.stopped, *part.stopped))
    return whole


def started(given: Input, drivers: Sequence[Migration]) -> Run:
    """A run of some conversions, none of which is judged yet."""
    version = given.kernel.version if given.kernel is not None else ""
    return Run(given.root, version, given.target.api, tuple(drivers))


def _recounted(migration: Migration, driver: Driver, texts: Texts,
               sources: Mapping[str, bytes]) -> Migration:
    counts = parse_counts(texts.parse(sources[file] if file in sources else driver.read(file))
                          for file in migration.report.files)
    return replace(migration, report=replace(migration.report, parse=counts))
