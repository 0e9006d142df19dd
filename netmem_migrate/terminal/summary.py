# SPDX-License-Identifier: GPL-2.0-only
"""What was converted, kept and refused, for a person; the commands print it on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from netmem_migrate.escape import shown
from netmem_migrate.files.whole import Aside
from netmem_migrate.options import Output
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.report import wording
from netmem_migrate.report.outputs import is_replaced, prepare, put
from netmem_migrate.report.share import Share
from netmem_migrate.results import (
    Action,
    BridgeSite,
    DriverReport,
    Refusal,
    Run,
    Site,
    Verdict,
)
from netmem_migrate.terminal.say import say

if TYPE_CHECKING:
    from netmem_migrate.patch.folder import Report
    from netmem_migrate.patch.prove import Unproven

_COLOURS = {
    Verdict.WOULD_CONVERT: "green",
    Verdict.CONVERTED: "green",
    Verdict.PARTIAL: "yellow",
    Verdict.REFUSED: "red",
    Verdict.STOPPED: "red",
    Verdict.BY_DESIGN: None,
    Verdict.ON_NETMEM: "green",
    Verdict.NO_PAGE_POOL: None,
}
_PLACES_SHOWN = 4


def colour() -> bool:
    """May stderr be coloured? On a terminal, and unless NO_COLOR is set."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def plural(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def grouped(sites: Iterable[Site]) -> dict[tuple[str, str], list[Site]]:
    """Sites by what is called and why it stayed, in words, in the order they were met."""
    groups: dict[tuple[str, str], list[Site]] = {}
    for site in sites:
        groups.setdefault((site.call, wording.site(site)), []).append(site)
    return groups


def _head(report: DriverReport, files: int) -> str:
    verdict = click.style(
        wording.verdict(report.verdict), fg=_COLOURS[report.verdict], bold=True
    )
    if report.verdict in (Verdict.BY_DESIGN, Verdict.ON_NETMEM, Verdict.NO_PAGE_POOL):
        return f"{shown(report.path)}: {verdict}"
    count = dict.fromkeys(Action, 0)
    for site in report.sites:
        count[site.action] += 1
    parts = [
        plural(len(report.declarations), "declaration"),
        f"{plural(count[Action.CONVERTED], 'call')} converted",
        f"{len(report.bridges)} bridged",
        f"{count[Action.KEPT]} kept",
        f"{len(report.refusals)} refused",
        f"{plural(files, 'file')} changed",
    ]
    return f"{shown(report.path)}: {verdict}: " + ", ".join(parts)


def _group_lines(word: str, colour: str, said: Iterable[tuple[str, str, Site | BridgeSite]],
                 ) -> Iterator[str]:
    groups: dict[tuple[str, str], list[Site | BridgeSite]] = {}
    for what, reason, one in said:
        groups.setdefault((what, reason), []).append(one)
    for (what, reason), group in groups.items():
        places = [f"{site.file}:{site.line}" for site in group[:_PLACES_SHOWN]]
        more = len(group) - len(places)
        where = ", ".join(places) + (f" and {more} more" if more else "")
        yield f"  {click.style(word, fg=colour)} {shown(f'{what}: {reason} ({where})')}"


def _refusal_lines(refusals: Iterable[Refusal]) -> Iterator[str]:
    for item in refusals:
        word = click.style("refused", fg="red")
        said = f"{item.file}:{item.line}: {wording.refusal(item)} [{item.category}]"
        yield f"  {word} {shown(said)}"
        for one in wording.origins(item):
            yield f"            from {shown(wording.origin(one))}"


def lines(runs: Sequence[Run]) -> Iterator[str]:
    """The summary of some runs, line by line, with colour codes (click strips them elsewhere)."""
    for run in runs:
        if len(runs) > 1:
            yield click.style(f"{shown(run.root)}:", bold=True)
        yield from _lines(run)
    if any(run.drivers for run in runs):
        yield click.style(totals(runs), bold=True)


def none_found(run: Run) -> Iterator[str]:
    """Of each folder that was walked in vain, how much was looked at."""
    for one in run.looked:
        if not one.drivers:
            path = one.path if one.path != "." else str(run.root)
            yield (f"{shown(path)}: no page_pool driver found in {plural(one.files, 'file')} "
                   "looked at")


def totals(runs: Sequence[Run]) -> str:
    """How many drivers were looked at, and what became of them."""
    drivers = [one for run in runs for one in run.drivers]
    counts = Counter(one.report.verdict for one in drivers)
    changed = len({(run.root, change.path) for run in runs for one in run.drivers
                   for change in one.changes})
    said = [f"{counts[verdict]} {wording.verdict(verdict)}"
            for verdict in _COLOURS if counts[verdict]]
    share = Share.of(site for one in drivers for site in one.report.sites)
    if share.possible:
        said.append(wording.share(share))
    return f"{plural(len(drivers), 'driver')} looked at: " + ", ".join(
        [*said, f"{plural(changed, 'file')} changed"])


def _lines(run: Run) -> Iterator[str]:
    from netmem_migrate.patch.plan import steps_of

    yield from none_found(run)
    if run.absent is not None and any(one.changes for one in run.drivers):
        yield f"{click.style('note', fg='yellow')}: " + wording.newer(
            run.api, run.kernel, run.absent)
    for migration in run.drivers:
        report = migration.report
        yield _head(report, len(migration.changes))
        if report.older is not None:
            yield f"  {click.style('note', fg='yellow')}: {shown(wording.older(report.older))}"
        if migration.changes and report.readable:
            said = wording.readable(report.readable)
            yield f"  {click.style('note', fg='yellow')}: {shown(said)}"
        for room in report.rooms:
            yield f"  {click.style('prepared', fg='green')} {shown(wording.room(room))}"
        for room in report.behind:
            yield f"  {click.style(room.step, fg='green')} {shown(wording.behind(room))}"
        for reason in report.undone:
            yield f"  {click.style('not done', fg='yellow')} {shown(wording.undone(reason))}"
        for room in report.advised:
            yield (f"  {click.style('note', fg='yellow')}: --prepare makes room: "
                   f"{shown(wording.room(room))}")
        for step in steps_of(migration):
            if step.heads_only and step.step.room is None:
                where = f"{shown(step.part)}: " if step.part else ""
                yield (f"  {click.style('note', fg='yellow')}: {where}"
                       f"{wording.heads(step.subject.report.handed)}; format-patch wants --heads "
                       "or --why TEXT for it")
        yield from _group_lines("bridged", "yellow", (
            (one.text, one.reason, one) for one in report.bridges))
        yield from _group_lines("kept", "cyan", (
            (f"{site.call}()", wording.site(site), site)
            for site in report.sites if site.action is Action.KEPT))
        for reason in report.stays:
            yield f"  {click.style('kept', fg='cyan')} {shown(wording.stay(reason))}"
        yield from _refusal_lines(report.refusals)


def stopped(runs: Iterable[Run]) -> None:
    """Say on stderr in which conversions the tool's own check finds fault, and which."""
    for one in (one for run in runs for one in run.stopped):
        for finding in one.findings:
            say(f"netmem-migrate: {finding.file}:{finding.line}: {finding.message} "
                       f"[{finding.id}]")
        say(f"netmem-migrate: {one.driver}: {wording.text(Reason(Why.STOPPED))}; "
                   "nothing of it is written, please report it")


def unproven(one: Unproven) -> str:
    """In one line, what does not hold of an object."""
    return (f"{one.source}: {one.said.status.value}: "
            f"{'; '.join(one.said.details[:3]) or 'no reason given'}")


def show(runs: Sequence[Run], output: Output) -> None:
    """Write the report file, and say on stderr what was done."""
    if output.report is not None:
        put(output.report, report(runs, output))
    tell(runs, output)


def report(runs: Sequence[Run], output: Output) -> Aside | None:
    """The report file, written beside its place, where one is wanted that is no stream."""
    if output.report is None:
        return None
    from netmem_migrate.report import json

    return prepare(output.report, json.dumps(*runs))


@contextlib.contextmanager
def reported(runs: Sequence[Run], output: Output) -> Iterator[None]:
    """Have the report ready beside its place while what it tells of is written; then it is put
    there. A stream has it before.
    """
    made = report(runs, output)
    try:
        yield
    except BaseException:
        if made is not None:
            made.discard()
        raise
    if output.report is not None:
        put(output.report, made)


def beside(runs: Sequence[Run], output: Output) -> Report | None:
    """The report to be written along with a series; None where none is wanted, or a stream that
    has it now.
    """
    from netmem_migrate.patch.folder import Report
    from netmem_migrate.report import json

    if output.report is None:
        return None
    if not is_replaced(output.report):
        report(runs, output)
        return None
    return Report(output.report, json.dumps(*runs))


def tell(runs: Sequence[Run], output: Output) -> None:
    """Say on stderr what was done."""
    if not output.quiet:
        for line in lines(runs):
            click.echo(line, err=True, color=None if colour() else False)
