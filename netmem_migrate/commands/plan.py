# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate plan`: from where a driver stands to device memory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from netmem_migrate.commands import _options
from netmem_migrate.errors import ExitCode
from netmem_migrate.options import Conversion, flags_of
from netmem_migrate.terminal.say import say


@click.command(name="plan", epilog="Example: netmem-migrate plan drivers/net/ethernet/VENDOR")
@_options.paths_argument
@_options.option("kernel")
@_options.option("api")
@_options.option("define")
@_options.option("undefine")
@_options.option("one_driver")
@_options.means_options
@click.option("--json", "as_json", is_flag=True, help="The plan as JSON (docs/planning.md).")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[Path, ...], as_json: bool,
            **settled: Any) -> None:
    """Say what it takes from where a driver stands to device memory, item by item.

    The items are those of Documentation/networking/netmem.rst, and what the core and
    Documentation/networking/devmem.rst ask for besides, in the order in which they are done. Each
    says how the driver stands to it and where, what the tool does, what a person does, what only
    the hardware's documentation tells, and which of the kernel's own selftests exercise it, as far
    as the tree has them. Nothing is changed, and nothing of the tree is run.
    """
    from netmem_migrate import pipeline
    from netmem_migrate.report.plan import WANTED, plans
    from netmem_migrate.terminal import plan, progress, scan, summary
    from netmem_migrate.terminal.screen import Screen

    means = _options.means(settled)
    options = Conversion(prepare=True, wanted=WANTED, **settled)
    with progress.live(as_json and sys.stdout.isatty()) as bar:
        bar.step("Looking for drivers")
        given = pipeline.inputs(paths, options)
        bar.step("Planning")
        runs = pipeline.converted(given, options, progress=bar.number, means=means)
    summary.stopped(runs)
    for line in (line for run in runs for line in summary.none_found(run)):
        say(line)
    trees = {one.root: one.kernel.root if one.kernel is not None else None for one in given}
    found = [(run, one) for run in runs for one in plans(run, trees[run.root])]
    if as_json:
        from netmem_migrate.report.json import planned

        click.echo(planned([one for _, one in found]), nl=False)
    else:
        width, screen = scan.Width.standard(), Screen.standard(Path())
        more = tuple(flags_of(Conversion)["kernel"].typed(options.kernel))
        for number, (run, one) in enumerate(found):
            if number:
                click.echo()
            for line in plan.printed(one, run.root, width, screen, more):
                click.echo(line)
    for run in runs:
        for driver in run.drivers:
            if not driver.report.pools:
                say(f"{driver.report.path}: creates no page_pool, so there is nothing to plan")
    if any(run.stopped for run in runs):
        ctx.exit(ExitCode.VERIFY)
