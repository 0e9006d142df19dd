# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate scan`: who uses page_pool, and how far each driver is from netmem."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from netmem_migrate.commands import _options
from netmem_migrate.errors import ExitCode, InputError, UsageError
from netmem_migrate.escape import shown
from netmem_migrate.options import STDOUT, Conversion
from netmem_migrate.reasons import Class
from netmem_migrate.report.share import by_class
from netmem_migrate.results import Run, Standing
from netmem_migrate.terminal.say import say

_LEGEND = ("rx.1 page_pool, rx.2 tcp-data-split, rx.3 netmem calls, rx.4 DMA flags, "
           "rx.5 unreadable memory, rx.6 CPU sync through the pool, rx.7 no own recycling, "
           "tx.1 no raw DMA unmap, tx.2 netmem_tx, queue-mgmt restart of one queue")


@click.command(name="scan", epilog="Example: netmem-migrate scan drivers/net/ethernet/VENDOR")
@click.argument("paths", nargs=-1, metavar="[TREE|PATH]...", type=click.Path(path_type=Path))
@_options.option("kernel")
@_options.option("api")
@_options.option("define")
@_options.option("undefine")
@_options.option("one_driver")
@click.option("--json", "as_json", is_flag=True,
              help="The whole report as JSON, with parse counts of every file of each driver.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the table as a page to sort, filter and unfold.")
@click.option("--sarif", type=click.Path(path_type=Path), metavar="FILE",
              help="Write what was refused as SARIF 2.1.0.")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[Path, ...], as_json: bool, html: Path | None,
            sarif: Path | None, **settled: Any) -> None:
    """List drivers that use page_pool: what can be converted, what cannot, and what is missing.

    PATH (default: the current folder) is a kernel, or any folder in one, or a file. Nothing is
    changed. Each driver is judged by Documentation/networking/netmem.rst.
    """
    from netmem_migrate import pipeline
    from netmem_migrate.terminal import progress, summary

    for written in (html, sarif):
        if written is not None and not written.absolute().parent.is_dir():
            raise InputError(f"{written}: no such folder; make it first")
        if written is not None and written.is_dir():
            raise InputError(f"{written}: a folder; name a file")
    if [html, sarif, STDOUT if as_json else None].count(STDOUT) > 1:
        raise UsageError("-: only one of --json, --html and --sarif can go to stdout")
    options = Conversion(**settled)
    with progress.live(as_json) as bar:
        bar.step("Looking for drivers")
        given = pipeline.inputs(paths or (Path(),), options)
        if html is not None and len(given) > 1:
            raise UsageError("--html: a page is of one tree; give the paths of one at a time")
        bar.step("Scanning")
        runs = pipeline.converted(given, options, count=as_json, progress=bar.number)
    summary.stopped(runs)
    for line in (line for run in runs for line in summary.none_found(run)):
        say(line)
    if html is not None or sarif is not None:
        _write(runs, html, sarif)
    if as_json:
        from netmem_migrate.report.json import dumps

        click.echo(dumps(*runs), nl=False)
    elif html is None and sarif is None:
        for run in (one for one in runs if one.drivers):
            _print(run, several=len(runs) > 1)
        say(summary.totals(runs))
    if any(run.stopped for run in runs):
        ctx.exit(ExitCode.VERIFY)


def _write(runs: Sequence[Run], html: Path | None, sarif: Path | None) -> None:
    """Write the page and the log that were asked for; the table is not printed then."""
    from netmem_migrate.report.outputs import write

    if html is not None:
        from netmem_migrate.pages.scan import page

        write(html, page(runs[0]))
        _said(html)
    if sarif is not None:
        from netmem_migrate.report.sarif import dumps

        write(sarif, dumps(*runs))
        _said(sarif)


def _said(written: Path) -> None:
    if written != STDOUT:
        say(f"wrote {written}")


def _print(run: Run, *, several: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from netmem_migrate.report import wording

    table = Table(box=None, pad_edge=False, header_style="bold")
    numbers = ("calls", "convert", *(one.value for one in Class))
    for title in ("driver", "verdict", *numbers, "unmet"):
        right = title in numbers
        table.add_column(title, justify="right" if right else "left",
                         no_wrap=title != "unmet")
    for migration in run.drivers:
        report = migration.report
        kept = by_class(report.sites)
        unmet = " ".join(key for key, one in sorted(report.requirements.items())
                         if one.status is Standing.UNMET)
        table.add_row(escape(shown(report.path)), wording.verdict(report.verdict),
                      str(len(report.sites)), str(len(report.sites) - kept.total()),
                      *(str(kept[one]) for one in Class), unmet)
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    if several:
        console.print(f"{shown(run.root)}:", style="bold", markup=False)
    console.print(table)
    console.print(_LEGEND, style="dim")
