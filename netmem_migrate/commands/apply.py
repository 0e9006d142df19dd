# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate apply`: convert in place, atomically."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from netmem_migrate.commands import _options


@click.command(
    name="apply",
    epilog="Example: netmem-migrate apply drivers/net/ethernet/VENDOR/DRIVER && git diff",
)
@_options.paths_argument
@_options.conversion_options
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[Path, ...], **shared: Any) -> None:
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
        with _options.stdin_file("stdin.c") as path:
            runs = _options.convert((path,), _options.for_stdin(options), output)
            changes = changes_of(runs[0])
            text = changes[0].after if changes else path.read_bytes()
        if _options.tells(output):
            _options.put(text)
    else:
        runs = _options.convert(paths, options, output)
        for file in apply(*((run.root, changes_of(run)) for run in runs)):
            if _options.tells(output):
                click.echo(str(file))
    summary.show(runs, output)
    ctx.exit(_options.exit_code(runs))
