# SPDX-License-Identifier: GPL-2.0-only
"""The one way from paths to patches: find, analyse, cut, edit, judge.

Every face of the tool goes this way: the library (api.py), the commands, `scan`, `review`. The
judge stands at its end: a conversion in which the tool's own check finds fault leaves nothing
but that finding (docs/checking.md).
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netmem_migrate.c.parse import Texts
from netmem_migrate.c.words import CALL
from netmem_migrate.check.changes import check_changes
from netmem_migrate.check.moved import together
from netmem_migrate.check.silenced import unanswered
from netmem_migrate.check.sources import check_sources
from netmem_migrate.convert.passes import chosen, to_judge
from netmem_migrate.errors import InputError, UsageError
from netmem_migrate.files import plain
from netmem_migrate.flow.together import near
from netmem_migrate.git.head import differing
from netmem_migrate.git.run import repository as repository_of
from netmem_migrate.job import Job, rows_of, target_of
from netmem_migrate.kernel import held
from netmem_migrate.kernel.drivers import (
    Driver,
    find,
    is_source,
    require_bounds,
    require_spelled,
)
from netmem_migrate.kernel.includes import ahead
from netmem_migrate.kernel.macros import arms_of, arms_of_driver
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.kernel.walk import MARKS, drivers_at
from netmem_migrate.model import releases
from netmem_migrate.model.forms import table
from netmem_migrate.model.relevant import parse_counts
from netmem_migrate.model.target import Target, bundled, from_tree
from netmem_migrate.options import Conversion
from netmem_migrate.prepare import prepared
from netmem_migrate.reasons import Detail, Reason, Why
from netmem_migrate.results import (
    Action,
    DriverReport,
    FileChange,
    Finding,
    Looked,
    Migration,
    Run,
    Severity,
    Stopped,
    Verdict,
)

Progress = Callable[[str, int, int], None]
"""Told of a driver before it is read, which one of how many it is."""


# -- find


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
    if tree is not None and (tree.root / "drivers").is_dir():
        ahead(tree.root)
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


def nothing(driver: Driver) -> Migration:
    """What is said of a driver that does not use page_pool."""
    return Migration(DriverReport(driver.path, driver.files, Verdict.NO_PAGE_POOL))


def read(given: Sequence[Input], options: Conversion,
         progress: Progress | None = None) -> Iterator[tuple[Input, Driver, Job | None]]:
    """Each driver with its job; `progress` is told of it before it is read.

    Raises InputError for what cannot be read and, after the last one, UsageError for a name to
    keep that no slot of any driver has.
    """
    unknown = set(options.keep)
    every = [(one, driver) for one in given for driver in one.drivers]
    joined: set[tuple[Path, str]] = set()
    for number, (one, driver) in enumerate(every, 1):
        if progress is not None:
            progress(driver.path, number, len(every))
        if (one.root, driver.path) in joined:
            continue  # it moves with one that was there before
        job = prepared(driver, one.target, options, one.named)
        unknown -= job.names if job is not None else frozenset()
        if job is not None and job.scope is not None:
            driver = job.analysis.driver
            joined.update((one.root, path) for path in driver.joined)
        yield one, driver, job
    if unknown:
        raise UsageError(f"{min(unknown)}: no member or global of that name holds a page "
                         "here; give STRUCT.MEMBER as the report spells it")


# -- judge


def check_patches(steps: Iterable[Sequence[FileChange]], tree: Kernel | None,
                  options: Conversion,
                  beside: Mapping[str, bytes] | None = None) -> Iterator[Finding]:
    """Judge the patches of a series for a tree, each by what the target has of its files.

    `beside` are the files of the drivers that no patch of the series touches.
    """
    if tree is None or options.api:
        target = Target(bundled(options.api).api)
    else:
        target = Target(tree.api, release=tree.version, headers=tree.root)
    api = target.api
    for step in steps:
        for one in step:
            require_bounds(one.path, max(one.before, one.after, key=len))
            for text in {one.before, one.after} if is_source(one.path) else ():
                require_spelled(one.path, text)
        texts = Texts(arms_of({one.path: one.before for one in step}, target, options.define,
                              options.undefine))
        others = {one.path: one.after for one in step if one.before == one.after}
        changes = [replace(one, texts=texts) for one in together(step)]
        around = {**(beside or {}), **others}
        yield from unanswered(check_changes(changes, api, around,
                                            tree.root if tree is not None else None),
                              around | {one.path: one.after for one in changes})


def check(paths: Sequence[Path], options: Conversion) -> tuple[Finding, ...]:
    """Judge the sources at some paths. Raises InputError as run() does."""
    return checked(to_check(paths, options), options)


def checked(given: Sequence[Input], options: Conversion,
            progress: Progress | None = None) -> tuple[Finding, ...]:
    """Judge the sources of some drivers; `progress` is told of each."""
    every = [(one, driver) for one in given for driver in one.drivers]
    found: dict[Finding, None] = {}
    for number, (one, driver) in enumerate(every, 1):
        if progress is not None:
            progress(driver.path, number, len(every))
        driver = driver.loaded(driver.files)
        texts = {file: driver.read(file) for file in driver.files}
        found.update(dict.fromkeys(unanswered(check_sources(
            texts, api=one.target.api,
            arms=arms_of_driver(driver, one.target, options.define, options.undefine),
            root=driver.root), texts)))
    return tuple(found)


def check_migration(migration: Migration, api: str) -> tuple[Finding, ...]:
    """Judge a conversion before it is written, patch by patch."""
    return tuple(finding for step in migration.steps
                 for finding in check_changes(to_judge(step), api))


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
                          reason=Reason(Why.STOPPED), detail=Detail.OTHER) for one in said.sites)
    return replace(migration, changes=(), edits=(), steps=(), report=replace(
        said, verdict=Verdict.STOPPED, declarations=(), sites=sites, readable=(), bridges=(),
        stays=(), older=None))


# -- what was applied already


def committed(given: Input, run: Run, options: Conversion) -> Run:
    """The run with drivers as HEAD has them, of which the work tree is the conversion.

    That is what `apply` leaves. Raises InputError where the work tree has more or less than it.
    """
    repository = repository_of(run.root)
    if repository is None:
        return run
    files = {file for one in given.drivers for file in (*one.files, *one.borrowed)}
    if options.with_users or options.prepare or given.named:
        files.update(file for one in given.drivers for file in near(one))
    before = differing(repository, run.root, files)
    drivers = {one.path: one for one in given.drivers}
    found: list[Migration] = []
    for one in run.drivers:
        made = one
        if before and not one.changes and one.report.verdict is not Verdict.STOPPED:
            made = _committed(one, drivers[one.report.path], given, options, before)
        if not any(one.report.path in other.report.joined for other in found):
            found.append(made)
    return replace(run, drivers=tuple(found)) if before else run


def _committed(now: Migration, driver: Driver, given: Input, options: Conversion,
               before: Mapping[str, bytes]) -> Migration:
    job = prepared(replace(driver, held=before), given.target, options, given.named)
    if job is None:
        return now
    touched = before.keys() & {*job.analysis.driver.files, *job.analysis.driver.borrowed}
    (made,) = judged(started(given, (job.migration(),))).drivers
    job.texts.forget()
    if not made.changes:
        return now
    after = {**{file: before[file] for file in touched},
             **{change.path: change.after for change in made.changes}}
    odd = [file for file, text in sorted(after.items())
           if plain.read(given.root / file) != text]
    if odd:
        raise InputError(f"{', '.join(odd)}: neither as committed in HEAD nor what these options "
                         "make of that; commit or stash your changes, or give the options that "
                         "`apply` had")
    return made


# -- all of it


def run(paths: Sequence[Path], options: Conversion, *, judge: bool = True,
        count: bool = False, progress: Progress | None = None) -> Run:
    """Convert the drivers at `paths` in memory; nothing is written.

    `judge` asks for the requirements of netmem.rst in the reports, `count` for parse counts over
    all files of each driver, not only those that name pages. `progress` is told of each driver.
    Raises InputError for input that cannot be processed, and for paths in several trees.
    """
    (whole,) = converted([one_input(paths, options)], options, judge=judge, count=count,
                         progress=progress)
    return whole


def converted(given: Sequence[Input], options: Conversion, *, judge: bool = True,
              count: bool = False, progress: Progress | None = None) -> tuple[Run, ...]:
    """The same for what inputs() found; a run for each root."""
    runs = {one.root: started(one, ()) for one in given}
    for where, driver, job in read(given, options, progress):
        one = job.migration(judge=judge) if job is not None else nothing(driver)
        texts = job.texts if job is not None else Texts()
        if count:
            one = _recounted(one, driver, texts, job.analysis.originals if job is not None else {})
        part = judged(started(where, (one,)))
        # Trees take ten times the room of their texts, and nothing asks for these any more.
        texts.forget()
        whole = runs[where.root]
        runs[where.root] = replace(whole, drivers=(*whole.drivers, *part.drivers),
                                   stopped=(*whole.stopped, *part.stopped))
    found: list[Run] = []
    for where in given:
        whole = runs[where.root]
        whole = replace(whole, drivers=tuple(_once(whole.drivers)))
        found.append(replace(whole, absent=_absent(where, whole)))
    return tuple(found)


def _once(drivers: Sequence[Migration]) -> Iterator[Migration]:
    """Less the drivers of which nothing was found before they were taken together with others."""
    joined = {path for one in drivers for path in one.report.joined}
    yield from (one for one in drivers if one.report.joined or one.report.path not in joined)


def _absent(given: Input, found: Run) -> tuple[str, ...] | None:
    """The helpers that a conversion to a newer API wrote, and that the tree does not have so."""
    if given.kernel is None or releases.number(
            given.target.api) <= releases.number(given.kernel.api):
        return None
    changes = [change for one in found.drivers for change in one.changes]
    before, after = (Counter(name.decode() for change in changes for name in CALL.findall(
        getattr(change, side))) for side in ("before", "after"))
    names = sorted({name for row in table().rows for form in row.forms for name in form.needs
                    if after[name] > before[name]})
    try:
        tree = from_tree(given.kernel.root, given.kernel.api, given.kernel.version)
    except InputError:  # from before there was netmem
        return tuple(names)
    wanted = given.target.parameters
    return tuple(name for name in names if not tree.has(name) or (
        name in wanted and name in tree.parameters and wanted[name] != tree.parameters[name]))


def started(given: Input, drivers: Sequence[Migration]) -> Run:
    """A run of some conversions, none of which is judged yet."""
    version = given.kernel.version if given.kernel is not None else ""
    return Run(given.root, version, given.target.api, tuple(drivers), looked=given.looked)


def _recounted(migration: Migration, driver: Driver, texts: Texts,
               sources: Mapping[str, bytes]) -> Migration:
    counts = parse_counts(texts.parse(sources[file] if file in sources else driver.read(file))
                          for file in migration.report.files)
    return replace(migration, report=replace(migration.report, parse=counts))
