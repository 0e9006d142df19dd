# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate apply`: convert in place, atomically."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from netmem_migrate.commands import _options
from netmem_migrate.errors import InputError
from netmem_migrate.results import Run


@click.command(
    name="apply",
    epilog="Example: netmem-migrate apply drivers/net/ethernet/VENDOR/DRIVER && git diff",
)
@_options.paths_argument
@_options.stdin_option
@_options.conversion_options
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[Path, ...], stdin_name: str,
            **shared: Any) -> None:
    """Convert PATH in place and list the files that changed on stdout.

    Files are replaced whole, and all of them or none. PATH is a folder, of which every driver is
    converted, or a .c or .h file; with - one C file is read from stdin and written, converted, to
    stdout.
    """
    from netmem_migrate.git.diff import changes_of
    from netmem_migrate.patch.apply import apply
    from netmem_migrate.terminal import summary

    options, output = _options.taken(shared)
    if _options.alone(paths):
        with _options.from_stdin(stdin_name, options, output) as (run, path, data):
            changes = {change.path: change.after for change in changes_of(run)}
        text = changes.pop(path, data)
        if changes:
            raise InputError(f"{', '.join(changes)}: to be converted with {path}, and only that "
                             "is written to stdout; use diff, or apply to files")
        runs: tuple[Run, ...] = (run,)
        if _options.tells(output):
            _options.put(text)
    else:
        runs = _options.convert(paths, options, output)
        for file in apply(*((run.root, changes_of(run)) for run in runs)):
            if _options.tells(output):
                click.echo(str(file))
    summary.show([one.written for one in runs], output)
    ctx.exit(_options.exit_code(runs))
