# SPDX-License-Identifier: GPL-2.0-only
"""One driver that is read and cut, and what its conversion is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netmem_migrate.behind import behind
from netmem_migrate.c.parse import Texts
from netmem_migrate.check.changes import check_changes
from netmem_migrate.check.own import own
from netmem_migrate.convert.edits import convert
from netmem_migrate.convert.naming import new_names
from netmem_migrate.convert.passes import Loaded, chosen, flags
from netmem_migrate.convert.work import Work
from netmem_migrate.flow.analyse import Analysis, analyse, use_page_pool
from netmem_migrate.flow.costs import DEFAULT, WITH_ACCESSOR
from netmem_migrate.flow.cut import solve
from netmem_migrate.flow.heads import leave_heads, move_heads
from netmem_migrate.flow.older import older_kernels
from netmem_migrate.kernel.drivers import Driver
from netmem_migrate.kernel.macros import arms_of_driver
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.kernel.walk import driver_of
from netmem_migrate.model.forms import Table, table
from netmem_migrate.model.target import Target, bundled, from_tree
from netmem_migrate.options import Conversion
from netmem_migrate.report.build import report
from netmem_migrate.results import FileChange, Migration, Room, Severity, Step, Verdict


def target_of(tree: Kernel | None, options: Conversion) -> Target:
    """The netmem API to convert to: what is asked for, else that of the tree."""
    if tree is None or options.api:
        return bundled(options.api)
    return from_tree(tree.root, tree.api, tree.version)


@dataclass(frozen=True, slots=True)
class Job:
    """One driver that was read and cut, with the options that it was cut by.

    `ahead` are preparatory patches that lead from the driver on disk to the one that was read, in
    order, and `without` the job of which the last of them was made; `advised` are such that nobody
    asked for, and `advised_heads` whether what converts with them comes to the stack as heads only.
    `scope` is why it is several modules.
    """

    analysis: Analysis
    options: Conversion
    passes: tuple[Loaded, ...]
    ahead: tuple[Step, ...] = ()
    without: Job | None = None
    advised: tuple[Room, ...] = ()
    advised_heads: bool = False
    scope: Room | None = None

    @property
    def texts(self) -> Texts:
        """What the driver's texts were parsed to so far."""
        return self.analysis.symbols.texts

    @property
    def rooms(self) -> tuple[Room, ...]:
        """What was made for the conversion, in order."""
        made = [self.scope, *(one.room for one in self.ahead)]
        return tuple(one for one in made if one is not None)

    @property
    def first(self) -> Job:
        """The driver as it was before any room was made."""
        return self.without.first if self.without is not None else self

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
        solution = leave_heads(self.analysis.graph, self.analysis.symbols, solution)
        return replace(self, options=options, analysis=replace(self.analysis, solution=solution))

    def migration(self, *, judge: bool = True) -> Migration:
        """The conversion, not judged yet; `judge` asks for the requirements of netmem.rst.

        What could stay a page of a ring of heads moves where the check finds fault with that.
        """
        solution, api = self.analysis.solution, self.analysis.target.api
        made = self._made(judge=judge)
        if solution.heads and any(finding.severity != Severity.NOTE for step in made.steps
                                  for finding in check_changes(step.changes, api)):
            analysis = replace(self.analysis, solution=move_heads(solution))
            return replace(self, analysis=analysis)._made(judge=judge)
        return made

    def _made(self, *, judge: bool) -> Migration:
        renames = any(one.declared.renames for one in self.passes)
        passes = [one for one in self.passes
                  if not (one.declared.prepares or one.declared.behind)]
        if self.ahead and not passes:
            return self._room_alone(judge=judge)
        work = Work(self.analysis, new_names(self.analysis) if renames else {})
        made = convert(work, passes)
        # What other drivers of the run keep is no option of this one.
        names = self.names
        mine = replace(self.options, keep=tuple(one for one in self.options.keep if one in names))
        # Without a pass that converts, nothing does.
        told = work if passes else Work(self.keeping(names).analysis, {})
        said = replace(report(told, made.edits, judge=judge),
                       older=older_kernels(self.analysis, (edit.text for edit in made.edits)),
                       rooms=self.rooms, joined=self.analysis.driver.joined,
                       advised=self.advised, advised_heads=self.advised_heads)
        steps = made.steps
        if judge:
            api = self.analysis.target.api
            steps = tuple(replace(step, own=own(self.analysis, step.changes, said.pools, api))
                          for step in steps)
        last = [one for one in self.passes if one.declared.behind]
        if last:
            then = behind(self.analysis, made.changes, last)
            steps = (*steps, *then.steps)
            said = replace(said, behind=then.rooms, undone=then.left)
            if then.steps and said.verdict is Verdict.BY_DESIGN and any(
                    one.asked for one in said.sites):
                said = replace(said, verdict=Verdict.PARTIAL)
        return Migration(said, _whole((*self.ahead, *steps)), made.edits, (*self.ahead, *steps),
                         mine.arguments(flags()), self.analysis.unreadable)

    def _room_alone(self, *, judge: bool) -> Migration:
        """The preparatory patches without the conversion, which nobody asked for."""
        job = self.first
        said = report(Work(job.keeping(job.names).analysis, {}), (), judge=judge)
        return Migration(replace(said, rooms=self.rooms), _whole(self.ahead), (), self.ahead,
                         self.options.arguments(flags()), self.analysis.unreadable)


def _whole(steps: Sequence[Step]) -> tuple[FileChange, ...]:
    """What steps change together, by file."""
    found: dict[str, FileChange] = {}
    for change in (change for step in steps for change in step.changes):
        known = found.get(change.path)
        found[change.path] = replace(change, before=known.before) if known else change
    return tuple(found[path] for path in sorted(found))


def job_of(driver: Driver, target: Target, options: Conversion,
           texts: Texts | None = None) -> Job | None:
    """Read a driver and cut it; None for one that does not use page_pool.

    `texts` are what was parsed already of a driver with the same macros.
    """
    passes = chosen(options)
    rows = rows_of(passes)
    driver = driver.loaded(driver.files)
    if not use_page_pool(map(driver.read, driver.files), rows):
        return None
    driver = driver.loaded(driver.borrowed)
    arms = (texts.arms if texts is not None else
            arms_of_driver(driver, target, options.define, options.undefine))
    costs = WITH_ACCESSOR if any(one.declared.accessor for one in passes) else DEFAULT
    analysis = analyse(driver, target, keep=frozenset(options.keep), costs=costs,
                       rows=rows, arms=arms, texts=texts)
    if not use_page_pool((analysis.sources[file] for file in driver.files), rows):
        return None  # all of it stands in arms that the target leaves out
    return Job(analysis, options, passes)


def analysis_of(file: Path, options: Conversion) -> Analysis:
    """Follow the pages of the whole driver that a file is a part of.

    Raises InputError for input that cannot be processed.
    """
    tree = Kernel.find(file)
    given = Kernel.at(options.kernel) if options.kernel is not None else None
    driver = driver_of(file, tree.root if tree is not None else None)
    target = target_of(tree or given, options)
    driver = driver.loaded((*driver.files, *driver.borrowed))
    return analyse(driver, target,
                   arms=arms_of_driver(driver, target, options.define, options.undefine))


def rows_of(passes: Sequence[Loaded]) -> Table:
    """The forms that may be converted: not those of passes that nobody asked for."""
    unasked = flags().keys() - {one.declared.id for one in passes}
    gone = [row.page for row in table().rows if row.concern in unasked]
    return table().without(gone) if gone else table()
