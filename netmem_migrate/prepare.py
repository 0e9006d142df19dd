# SPDX-License-Identifier: GPL-2.0-only
"""Make room: what is done before a conversion, each only where more converts with it.

A pass that prepares (convert/passes.py) says what it could make room for. Each such room is made,
the driver is read and cut anew, and the patch stays only where all that moved before still does,
and calls move that did not. Modules that keep each other's pages are taken for one driver, by the
same rule.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from netmem_migrate.check.changes import check_changes
from netmem_migrate.convert.edits import apply
from netmem_migrate.convert.passes import SCOPE, Loaded, preparing
from netmem_migrate.convert.work import Work
from netmem_migrate.errors import InputError
from netmem_migrate.flow import verdicts
from netmem_migrate.flow.graph import Kind
from netmem_migrate.flow.handed import handed
from netmem_migrate.flow.together import shares, widened
from netmem_migrate.job import Job, job_of
from netmem_migrate.kernel.drivers import Driver
from netmem_migrate.model.target import Target
from netmem_migrate.options import Conversion
from netmem_migrate.reasons import Why
from netmem_migrate.results import Edit, FileChange, Room, Severity, Step, only_heads

_TRIES = 12  # rooms that are tried in vain for one driver; each is as long as its conversion


def prepared(driver: Driver, target: Target, options: Conversion,
             named: Set[str] = frozenset()) -> Job | None:
    """Read a driver and cut it, with room made for its conversion where that is asked for.

    Where it is not, the job says which room would do; None for a driver that does not use
    page_pool. Modules that are all `named` are taken together without being asked. A room with
    which the check finds fault is not made.
    """
    job = job_of(driver, target, options)
    if job is None:
        return None
    asked = replace(options, prepare=True)
    found = job
    wanted = SCOPE not in options.skip and (
        not options.only or SCOPE in options.only or options.with_users)
    # What is kept, and why, is asked for once more for the report: only where it may be for this.
    # A function that another module defines may take netmem then, too.
    reasons = shares(job.analysis) if wanted else []
    if reasons and (any(one.why is Why.PASSED for one in reasons) or any(
            one.detail.step == SCOPE for one in verdicts.kept(job.analysis).values())):
        found = _with_users(driver, target, job)
    together = options.with_users or (found.scope is not None and named >= set(
        found.analysis.driver.joined))
    if together and not options.prepare:
        return found
    passes = preparing(asked)
    if passes:
        found = _with_room(found.analysis.driver if found.scope else driver, target, found,
                           passes)
    if options.prepare:
        return found
    return replace(job, advised=found.rooms, advised_heads=bool(found.rooms) and only_heads(
        handed(found.analysis)))


def _with_users(driver: Driver, target: Target, job: Job) -> Job:
    """The driver with the modules that share what keeps its pages, where more of it moves then."""
    found, own = job, driver.files
    while (wide := widened(found.analysis)) is not None:
        then = job_of(wide, target, job.options)
        if then is None:
            return job
        found = then
    calls = _calls(found, own) - _calls(job, own)
    if found is job or calls <= 0 or not _moved(found) >= _moved(job):
        return job
    reason = shares(job.analysis)[0]
    modules = ", ".join(one for one in found.analysis.driver.joined if one != driver.path)
    return replace(found, scope=Room(SCOPE, SCOPE, reason.slot or reason.by, modules, reason.file,
                                     reason.line, reason, calls))


class _Try(NamedTuple):
    """A driver with one more room, read and cut, and what that room changes."""

    driver: Driver
    job: Job
    changes: Sequence[FileChange]


@dataclass(slots=True)
class _Search:
    """What was tried for one driver, and what is tried with."""

    target: Target
    passes: Sequence[Loaded]
    tried: set[tuple[str, ...]] = field(default_factory=set)
    in_vain: int = 0

    def next(self, driver: Driver, job: Job) -> tuple[Driver, Job] | None:
        """The driver and the job with the next rooms that do: one, or two of which neither does
        alone."""
        alone: list[_Try] = []
        for one in self._tries(driver, job):
            if _calls(one.job) <= _calls(job):
                alone.append(one)
            elif self._is_sound(one):
                return one.driver, _counted(one.job, job)
        for one in alone:
            # What finds fault is asked only where the answer decides something.
            if self.in_vain >= _TRIES:
                break
            for both in self._tries(one.driver, one.job) if self._is_sound(one) else ():
                if _calls(both.job) > _calls(job) and self._is_sound(both):
                    return both.driver, _counted(both.job, job)
        return None

    def _tries(self, driver: Driver, job: Job) -> Iterator[_Try]:
        """With each room alone: what moved still does."""
        if self.in_vain >= _TRIES:  # before a room is looked for
            return
        before = tuple(_key(one) for one in job.rooms)
        for room, edits in _rooms(job, self.passes):
            key = tuple(sorted((*before, _key(room))))
            if key in self.tried:
                continue
            self.tried.add(key)
            self.in_vain += 1
            then = None
            with contextlib.suppress(InputError):  # what it makes of the text cannot be read
                changes = apply(Work(job.analysis, {}), edits, self.passes)
                with_ = replace(driver, held={**driver.held,
                                              **{one.path: one.after for one in changes}})
                then = job_of(with_, self.target, job.options, job.texts)
            if then is not None and _moved(then) >= _moved(job):
                yield _Try(with_, replace(then, ahead=(*job.ahead, Step(changes, room=room)),
                                          without=job, scope=job.scope), changes)
            if self.in_vain >= _TRIES:
                return

    def _is_sound(self, one: _Try) -> bool:
        """Whether the check finds no fault with the last room of a try."""
        return all(found.severity == Severity.NOTE
                   for found in check_changes(one.changes, self.target.api))


def _with_room(driver: Driver, target: Target, job: Job, passes: Sequence[Loaded]) -> Job:
    search = _Search(target, passes)
    while (found := search.next(driver, job)) is not None:
        driver, then = found
        search.in_vain -= len(then.ahead) - len(job.ahead)
        job = then
    return job


def _counted(then: Job, job: Job) -> Job:
    """A job whose last room says how many calls it gives it, with one that only leads to it."""
    *steps, last = then.ahead
    assert last.room is not None
    room = replace(last.room, calls=_calls(then) - _calls(job))
    return replace(then, ahead=(*steps, replace(last, room=room)))


def _key(room: Room) -> str:
    return f"{room.step} {room.kind} {room.file} {room.slot}"


def _rooms(job: Job, passes: Sequence[Loaded]) -> Iterator[tuple[Room, Sequence[Edit]]]:
    work = Work(job.analysis, {})
    for one in passes:
        yield from one.rooms(work)


def _moved(job: Job) -> set[tuple[Kind, str, str]]:
    """What moves, or stays for good of what does, by its name, and the function that it is of."""
    solution = job.analysis.solution
    return {(one.kind, one.name, one.place.function)
            for one in (*solution.moved, *(head.slot for head in solution.heads))
            if one.kind is not Kind.CALL}


def _calls(job: Job, files: Sequence[str] | None = None) -> int:
    """How many calls of the page API move, of all files if none are said."""
    return sum(one.twin.pool_api and one.slot in job.analysis.solution.moved
               and (files is None or one.place.file in files)
               for one in job.analysis.graph.calls)
