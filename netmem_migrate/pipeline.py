# SPDX-License-Identifier: GPL-2.0-only
"""The one way from paths to patches: find, analyse, cut, edit, judge.

Every face of the tool goes this way: the library (api.py), the commands, `scan`, `review`. The
judge stands at its end: a conversion in which the tool's own check finds fault leaves nothing
but that finding (docs/checking.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from netmem_migrate.answers import Answer, Question, nothing
from netmem_migrate.asking import Progress, answers
from netmem_migrate.c.parse import Texts
from netmem_migrate.c.words import CALL
from netmem_migrate.check.changes import check_changes
from netmem_migrate.check.moved import together
from netmem_migrate.check.silenced import unanswered
from netmem_migrate.check.sources import check_sources
from netmem_migrate.errors import InputError, UsageError
from netmem_migrate.files import plain
from netmem_migrate.flow.together import near
from netmem_migrate.git.head import differing
from netmem_migrate.git.run import repository as repository_of
from netmem_migrate.inputs import Input, elsewhere, holding, inputs, one_input, to_check
from netmem_migrate.job import Job
from netmem_migrate.judged import check_migration, judged
from netmem_migrate.kernel.drivers import Driver, is_source, require_bounds, require_spelled
from netmem_migrate.kernel.macros import arms_of, arms_of_driver
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.model import releases
from netmem_migrate.model.forms import table
from netmem_migrate.model.target import Target, bundled, from_tree
from netmem_migrate.options import Conversion, Means
from netmem_migrate.prepare import prepared
from netmem_migrate.results import FileChange, Finding, Migration, Run, Verdict

__all__ = [
    "Input", "Progress", "check", "check_migration", "check_patches", "checked", "committed",
    "converted", "elsewhere", "holding", "inputs", "judged", "nothing", "one_input", "read", "run",
    "started", "to_check",
]

_MEANS = Means(jobs=1, no_cache=True)


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
        raise UsageError(_unknown(unknown))


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
              count: bool = False, progress: Progress | None = None,
              means: Means = _MEANS) -> tuple[Run, ...]:
    """The same for what inputs() found; a run for each root."""
    runs = {one.root: started(one, ()) for one in given}
    every = [Question(one, driver, options, judge, count) for one in given
             for driver in one.drivers]
    for where, answer in _answered(every, options, means, progress):
        whole = runs[where.root]
        runs[where.root] = replace(whole, drivers=(*whole.drivers, answer.migration),
                                   stopped=(*whole.stopped, *answer.stopped))
    found: list[Run] = []
    for where in given:
        whole = runs[where.root]
        whole = replace(whole, drivers=tuple(_once(whole.drivers)))
        found.append(replace(whole, absent=_absent(where, whole)))
    return tuple(found)


def _answered(every: Sequence[Question], options: Conversion, means: Means,
              progress: Progress | None) -> Iterator[tuple[Input, Answer]]:
    """What comes of each driver, but for those that move with one before."""
    unknown = set(options.keep)
    joined: set[tuple[Path, str]] = set()

    def left_out(one: Question) -> bool:
        return (one.where.root, one.driver.path) in joined

    for question, answer in answers(every, means, left_out, progress):
        if not left_out(question):
            unknown -= answer.kept
            joined.update((question.where.root, path) for path in answer.joined)
            yield question.where, answer
    if unknown:
        raise UsageError(_unknown(unknown))


def _unknown(names: Iterable[str]) -> str:
    return (f"{min(names)}: no member or global of that name holds a page here; give STRUCT.MEMBER "
            "as the report spells it")


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
