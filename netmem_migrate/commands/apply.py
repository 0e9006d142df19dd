# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate apply`: convert in place, atomically."""

from __future__ import annotations

import sys
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

    Files are replaced whole, and all of them or none. PATH is a driver's folder or a .c or .h
    file; with - one C file is read from stdin and written, converted, to stdout.
    """
    from netmem_migrate.git.diff import changes_of
    from netmem_migrate.patch.apply import apply
    from netmem_migrate.terminal import summary

    options, output = _options.taken(shared)
    if _options.alone(paths):
        with _options.stdin_file("stdin.c") as path:
            run = _options.convert((path,), _options.for_stdin(options), output)
            changes = changes_of(run)
            text = changes[0].after if changes else path.read_bytes()
        sys.stdout.flush()
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    else:
        run = _options.convert(paths, options, output)
        for file in apply(run.root, changes_of(run)):
            click.echo(str(file))
    summary.show(run, output)
    ctx.exit(run.exit_code)
