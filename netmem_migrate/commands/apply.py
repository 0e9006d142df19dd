# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate apply`: convert in place, atomically."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from netmem_migrate.commands import _options
from netmem_migrate.errors import InputError, UsageError
from netmem_migrate.options import Output
from netmem_migrate.results import Run
from netmem_migrate.terminal.say import put_path, say


@click.command(
    name="apply",
    epilog="Example: netmem-migrate apply drivers/net/ethernet/VENDOR/DRIVER && git diff",
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--resume", is_flag=True,
              help="Finish what an apply that was cut off left half-done at PATH (default: .).")
@click.option("--abort", is_flag=True, help="Undo it.")
@_options.stdin_option
@_options.conversion_options
@_options.means_options
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[Path, ...], resume: bool, abort: bool,
            stdin_name: str, **shared: Any) -> None:
    """Convert PATH in place and list the files that changed on stdout.

    Files are replaced whole, and all of them or none. PATH is a folder, of which every driver is
    converted, or a .c or .h file; with - one C file is read from stdin and written, converted, to
    stdout.

    What is to be written is noted first (XDG_STATE_HOME). After a crash every command that reads
    the driver says so, and changes nothing before --resume or --abort.
    """
    from netmem_migrate.git.diff import changes_of
    from netmem_migrate.terminal import summary

    if resume or abort:
        if resume and abort:
            raise UsageError("--resume and --abort: one of them")
        _settle(paths or (Path(),), resume=resume)
        return
    if not paths:
        raise click.UsageError("Missing argument 'PATH...'.", ctx)
    means = _options.means(shared)
    options, output = _options.taken(shared)
    if _options.alone(paths):
        with _options.from_stdin(stdin_name, options, output) as (run, path, data):
            changes = {change.path: change.after for change in changes_of(run)}
        text = changes.pop(path, data)
        if changes:
            raise InputError(f"{', '.join(changes)}: to be converted with {path}, and only that "
                             "is written to stdout; use diff, or apply to files")
        runs: tuple[Run, ...] = (run,)
        with summary.reported([run.written], output):
            if _options.tells(output):
                _options.put(text)
    else:
        runs = _options.convert(paths, options, output, means=means)
        _write(runs, output)
    summary.tell([one.written for one in runs], output)
    ctx.exit(_options.exit_code(runs))


def _write(runs: tuple[Run, ...], output: Output) -> None:
    """Write the files, once all that is said of them went out or is safely beside its place."""
    from netmem_migrate.git.diff import changes_of
    from netmem_migrate.patch.apply import apply, check
    from netmem_migrate.terminal import summary

    wanted = [(run.root, changes_of(run)) for run in runs]
    check(*wanted)
    if _options.tells(output):
        for root, changes in wanted:
            for change in changes:
                put_path(root / change.path)
        sys.stdout.flush()
    with summary.reported([one.written for one in runs], output):
        apply(*wanted)


def _settle(paths: tuple[Path, ...], *, resume: bool) -> None:
    """Finish or undo what was cut off."""
    from netmem_migrate.files.journal import State, settle
    from netmem_migrate.patch.apply import left

    found = left(paths)
    if not found:
        say(f"{', '.join(map(str, paths))}: no apply was cut off here")
    side = State.NEW if resume else State.OLD
    # All are settled before one is told of: stdout may take nothing.
    for file in [file for one in found for file in settle(one, side)]:
        put_path(file)
