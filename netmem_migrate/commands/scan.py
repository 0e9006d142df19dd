# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate scan`: who uses page_pool, and how far each driver is from netmem."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netmem_migrate.commands import _options
from netmem_migrate.errors import ExitCode, InputError, UsageError
from netmem_migrate.escape import shown
from netmem_migrate.options import STDOUT, Conversion, flags_of
from netmem_migrate.results import Run
from netmem_migrate.terminal.say import say

if TYPE_CHECKING:
    from netmem_migrate.kernel.tree import Kernel
    from netmem_migrate.pipeline import Input
    from netmem_migrate.report.since import Since


@click.command(name="scan", epilog="Example: netmem-migrate scan drivers/net/ethernet/VENDOR")
@click.argument("paths", nargs=-1, metavar="[TREE|PATH]...", type=click.Path(path_type=Path))
@_options.option("kernel")
@_options.option("api")
@_options.option("define")
@_options.option("undefine")
@_options.option("one_driver")
@_options.means_options
@click.option("--since", type=click.Path(path_type=Path), metavar="OLD_TREE",
              help="Say what moved since an older kernel tree, which is scanned at the same paths.")
@click.option("--json", "as_json", is_flag=True,
              help="The whole report as JSON, with parse counts of every file of each driver, the "
              "totals, and the rank and the next step of each driver.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE",
              help="Write a page: a table to sort and filter, and a part for each driver.")
@click.option("--sarif", type=click.Path(path_type=Path), metavar="FILE",
              help="Write what was refused as SARIF 2.1.0.")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[Path, ...], since: Path | None, as_json: bool,
            html: Path | None, sarif: Path | None, **settled: Any) -> None:
    """List drivers that use page_pool: how near each is to device memory, and what is next for it.

    PATH (default: the current folder) is a kernel, or any folder in one, or a file. Nothing is
    changed. Each driver is judged by Documentation/networking/netmem.rst. Those with the fewest
    unmet requirements come first, then those with the fewest calls left: calls of the page API
    that would stay after a conversion and are not by design.
    """
    from netmem_migrate import pipeline
    from netmem_migrate.terminal import progress, summary

    _check(html, sarif, as_json, since)
    means = _options.means(settled)
    options = Conversion(**settled)
    moved: Since | None = None
    with progress.live(as_json and sys.stdout.isatty()) as bar:
        bar.step("Looking for drivers")
        given = pipeline.inputs(paths or (Path(),), options)
        if html is not None and len(given) > 1:
            raise UsageError("--html: a page is of one tree; give the paths of one at a time")
        older = _older(since, given) if since is not None else None
        before: tuple[Run, ...] = ()
        if older is not None:
            bar.step(f"Scanning linux {older.version}")
            was = pipeline.elsewhere(given[0], paths or (Path(),), older, options)
            before = pipeline.converted([was], options, progress=bar.number, means=means)
        bar.step("Scanning" if older is None else f"Scanning linux {_version(given[0])}")
        runs = pipeline.converted(given, options, count=as_json, progress=bar.number,
                                  means=means)
    if before:
        from netmem_migrate.report.since import compared

        moved = compared(before[0], runs[0])
    summary.stopped([*before, *runs])
    for line in (line for run in (*before, *runs) for line in summary.none_found(run)):
        say(line)
    if html is not None or sarif is not None:
        _write(runs, options, html, sarif)
    if as_json:
        from netmem_migrate.report.json import scanned

        click.echo(scanned(runs, moved, one_driver=options.one_driver), nl=False)
    elif html is None and sarif is None:
        _print(runs, moved, options)
    if any(run.stopped for run in (*before, *runs)):
        ctx.exit(ExitCode.VERIFY)


def _check(html: Path | None, sarif: Path | None, as_json: bool, since: Path | None) -> None:
    """Refuse what cannot be written, before anything is read."""
    for written in (html, sarif):
        if written is not None and not written.absolute().parent.is_dir():
            raise InputError(f"{written}: no such folder; make it first")
        if written is not None and written.is_dir():
            raise InputError(f"{written}: a folder; name a file")
    if [html, sarif, STDOUT if as_json else None].count(STDOUT) > 1:
        raise UsageError("-: only one of --json, --html and --sarif can go to stdout")
    if since is not None and (html is not None or sarif is not None):
        raise UsageError("--since: neither --html nor --sarif has what moved; leave them out")


def _older(since: Path, given: Sequence[Input]) -> Kernel:
    """The older tree. Raises UsageError where there is no newer one to hold against it."""
    from netmem_migrate.kernel.tree import Kernel

    tree = Kernel.at(since)
    if len(given) > 1 or given[0].kernel is None:
        raise UsageError("--since: wants paths that are all in one kernel tree")
    if tree.root == given[0].root:
        raise UsageError(f"--since: {since} is the tree of the paths themselves; give another one")
    return tree


def _version(given: Input) -> str:
    return given.kernel.version if given.kernel is not None else ""


def _write(runs: Sequence[Run], options: Conversion, html: Path | None,
           sarif: Path | None) -> None:
    """Write the page and the log that were asked for; the table is not printed then."""
    from netmem_migrate.report.outputs import write

    if html is not None:
        from netmem_migrate.pages.scan import page

        write(html, page(runs[0], one_driver=options.one_driver))
        _said(html)
    if sarif is not None:
        from netmem_migrate.report.sarif import dumps

        write(sarif, dumps(*runs))
        _said(sarif)


def _said(written: Path) -> None:
    if written != STDOUT:
        say(f"wrote {written}")


def _print(runs: Sequence[Run], moved: Since | None, options: Conversion) -> None:
    """What a person reads: the table of each tree, or what moved."""
    from netmem_migrate.report.nearest import ranked, totals
    from netmem_migrate.terminal import paint, scan, since, summary
    from netmem_migrate.terminal.screen import Screen

    width, screen = scan.Width.standard(), Screen.standard(Path())
    if moved is not None:
        for line in since.printed(moved, width, screen):
            click.echo(line)
        return
    named = tuple(flags_of(Conversion)["kernel"].typed(options.kernel))
    for run in (one for one in runs if one.drivers):
        if len(runs) > 1:
            click.echo(screen.style(f"{shown(run.root)}:", paint.BOLD))
        found = ranked(run, one_driver=options.one_driver)
        for line in scan.printed(run, found, totals([run]), width, screen, named):
            click.echo(line)
    for line in width.wrapped(summary.totals(runs)):
        say(line)
