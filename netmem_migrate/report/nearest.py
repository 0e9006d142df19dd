# SPDX-License-Identifier: GPL-2.0-only
"""How far each driver of a run is from device memory, in which order, and what is next for it."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.files import plain
from netmem_migrate.model.functions import FUNCTIONS
from netmem_migrate.model.kernel_calls import named
from netmem_migrate.model.schema import Side, Trait
from netmem_migrate.model.spelled import POOL
from netmem_migrate.reasons import Class, Reason, Why
from netmem_migrate.report import requirements, wording
from netmem_migrate.report.share import by_class
from netmem_migrate.results import (
    Action,
    Basis,
    DriverReport,
    Evidence,
    Migration,
    Requirement,
    Run,
    Standing,
    Verdict,
)

ORDER = ("nearest to device memory first: fewest unmet requirements, then fewest calls left; "
         "drivers of which none is judged last")
"""The order, as it is said where drivers are listed."""

_OUT = "out"
_CALL = re.compile(rb"\b(?:" + "|".join(sorted(
    {one.name for one in FUNCTIONS if one.side is Side.NETMEM or "netmem" in one.name}
    | {*named(Trait.NETMEM_UNMAP)})).encode() + rb")\s*\(")


class NextKind(StrEnum):
    """What kind of thing a next step is."""

    REPORT = "report"  # the tool's own check stops the conversion: that is its fault
    PREPARE = "prepare"  # convert, with room made before
    CONVERT = "convert"
    REQUIREMENT = "requirement"  # the first one that is unmet, in the order of netmem.rst
    LOOK = "look"  # the first one of which the source does not tell
    CALL = "call"  # the first call that is left, where no requirement is judged
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Next:
    """The next step for one driver.

    `arguments` are those of format-patch before the driver's `path`, and `rooms` the ids of the
    steps that make room, with how many `calls` more convert so. `requirement` is the id of one, and
    `evidence` what it rests on; where that is nothing, `pool` is where the driver makes its pool.
    `reason` is why a call is left.
    """

    kind: NextKind
    path: str = ""
    arguments: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    calls: int = 0
    requirement: str = ""
    basis: Basis | None = None
    evidence: Evidence | None = None
    pool: Evidence | None = None
    reason: str = ""

    @property
    def place(self) -> Evidence | None:
        """The place in the source that it is about."""
        return self.evidence or self.pool

    def command(self, path: str = "", more: Sequence[str] = ()) -> str:
        """What to type, "" for what is no command; `path` is how the driver is called there."""
        if self.kind not in (NextKind.CONVERT, NextKind.PREPARE):
            return ""
        return shlex.join(["netmem-migrate", "format-patch", *self.arguments, *more,
                           path or self.path, "-o", _OUT])

    def text(self, path: str = "", more: Sequence[str] = ()) -> str:
        """The step in words; `path` and `more` as for command()."""
        if self.kind is NextKind.CONVERT:
            return f"convert: {self.command(path, more)}"
        if self.kind is NextKind.PREPARE:
            calls = f"{self.calls} more call{' converts' if self.calls == 1 else 's convert'}"
            return f"prepare ({', '.join(self.rooms)}: {calls}): {self.command(path, more)}"
        if self.kind in (NextKind.REQUIREMENT, NextKind.LOOK):
            word = "unmet" if self.kind is NextKind.REQUIREMENT else "unknown"
            return f"{word}: {requirements.words(self.requirement)} ({self._shown()})"
        if self.kind is NextKind.CALL:
            return f"a call is left at {_at(self.evidence)}: {self.reason}"
        if self.kind is NextKind.REPORT:
            return f"report: {wording.text(Reason(Why.STOPPED))}"
        return self.reason

    def _shown(self) -> str:
        """What the judgement of the requirement rests on, and where."""
        basis = wording.BASIS[self.basis] if self.basis is not None else ""
        if self.evidence is not None:
            return f"{basis}: {_at(self.evidence)}"
        made = f"; the {POOL} is created at {_at(self.pool)}" if self.pool is not None else ""
        return f"none: {basis}{made}"


def _at(place: Evidence | None) -> str:
    return f"{place.file}:{place.line}" if place is not None else ""


@dataclass(frozen=True, slots=True)
class Near:
    """How far one driver is: `rank` counts from 1 in the order of the run."""

    rank: int
    migration: Migration
    unmet: tuple[str, ...]
    unknown: tuple[str, ...]
    left: int
    next: Next

    @property
    def report(self) -> DriverReport:
        """The report of the driver."""
        return self.migration.report


def ranked(run: Run, *, one_driver: bool = False) -> tuple[Near, ...]:
    """The drivers of a run, nearest to device memory first.

    Those that are as near stand as in the run. `one_driver`: each path was taken for one driver.
    """
    found = []
    for one in run.drivers:
        report = one.report
        unmet = requirements.standing(report.requirements, Standing.UNMET)
        left = sum(site.left for site in report.sites)
        found.append(((not report.requirements, len(unmet), left), one, unmet, left))
    found.sort(key=lambda one: one[0])
    folders = {one.report.path for one in run.drivers}
    return tuple(
        Near(rank, one, tuple(unmet),
             tuple(requirements.standing(one.report.requirements, Standing.UNKNOWN)), left,
             _next(one, unmet, alone=one_driver or _holds(one.report.path, folders)))
        for rank, (_, one, unmet, left) in enumerate(found, 1))


def _holds(path: str, folders: Iterable[str]) -> bool:
    """Whether the folder of a driver has others below it."""
    return any(one != path and (path == "." or one.startswith(f"{path}/")) for one in folders)


def _next(migration: Migration, unmet: Sequence[str], *, alone: bool) -> Next:
    report = migration.report
    if report.verdict is Verdict.STOPPED:
        return Next(NextKind.REPORT, report.path)
    arguments = (*migration.arguments, *(["--one-driver"] if alone else []))
    if report.advised:
        heads = ["--heads"] if report.advised_heads else []
        return Next(NextKind.PREPARE, report.path, ("--prepare", *heads, *arguments),
                    tuple(dict.fromkeys(one.step for one in report.advised)),
                    sum(one.calls for one in report.advised))
    if migration.changes:
        heads = ["--heads"] if report.heads_only else []
        return Next(NextKind.CONVERT, report.path, (*heads, *arguments))
    unknown = requirements.standing(report.requirements, Standing.UNKNOWN)
    for kind, ids in ((NextKind.REQUIREMENT, unmet), (NextKind.LOOK, unknown)):
        if ids:
            one = report.requirements[ids[0]]
            return Next(kind, report.path, requirement=ids[0], basis=one.basis,
                        evidence=one.evidence[0] if one.evidence else None,
                        pool=_pool(report.requirements.values()))
    for site in report.sites:
        if site.left:
            return Next(NextKind.CALL, report.path, reason=wording.site(site),
                        evidence=Evidence(site.file, site.line, f"{site.call}()"))
    return Next(NextKind.NONE, report.path, reason=_nothing(report))


def _pool(judged: Iterable[Requirement]) -> Evidence | None:
    """Where the driver makes its pool."""
    return next((place for one in judged if one.basis is Basis.POOL for place in one.evidence),
                None)


def _nothing(report: DriverReport) -> str:
    if report.requirements:
        return "none known: every requirement that is judged is met"
    if report.sites or report.verdict is Verdict.ON_NETMEM:
        return f"none known: it creates no {POOL} itself, so no requirement is judged"
    return f"none known: it neither creates a {POOL} nor calls one"


# -- numbers


@dataclass(frozen=True, slots=True)
class Totals:
    """What all drivers of some runs come to.

    `left` are the calls of the page API that stay and are not by design, `requirements` how many
    of the `judged` drivers stand how to each.
    """

    drivers: int
    verdicts: Counter[Verdict]
    calls: int
    converted: int
    classes: Counter[Class]
    left: int
    netmem_calls: int
    files_changed: int
    judged: int
    requirements: dict[str, Counter[Standing]] = field(default_factory=dict)


def totals(runs: Sequence[Run]) -> Totals:
    """The totals of some runs."""
    reports = [one.report for run in runs for one in run.drivers]
    sites = [site for one in reports for site in one.sites]
    standings: dict[str, Counter[Standing]] = {
        key: Counter() for key in requirements.ordered(
            {key for one in reports for key in one.requirements})}
    for one in reports:
        for key, judged in one.requirements.items():
            standings[key][judged.status] += 1
    return Totals(
        len(reports), Counter(one.verdict for one in reports), len(sites),
        sum(one.action is Action.CONVERTED for one in sites), by_class(sites),
        sum(one.left for one in sites),
        sum(netmem_calls(run, one.report) for run in runs for one in run.drivers),
        len({(run.root, change.path) for run in runs for one in run.drivers
             for change in one.changes}),
        sum(bool(one.requirements) for one in reports), standings)


def netmem_calls(run: Run, report: DriverReport) -> int:
    """How many calls of the kernel's netmem functions the files of a driver have on disk."""
    return sum(len(_CALL.findall(code_of(data)))
               for data in ((plain.optional(run.root / file) or b"") for file in report.files)
               if b"netmem" in data)


def page_calls(report: DriverReport) -> int:
    """How many calls of the page API a driver has on disk that are not by design."""
    return sum(not one.by_design for one in report.sites)
