# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate diff`: show what would change, write nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from netmem_migrate.commands import _options
from netmem_migrate.errors import ExitCode
from netmem_migrate.options import Output
from netmem_migrate.results import Run


class _Command(click.Command):
    """Takes `--color` without a value as `always`, as git does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        head = ["--color=always" if arg == "--color" else arg for arg in args[:end]]
        return super().parse_args(ctx, head + args[end:])


def _wants_color(when: str) -> bool:
    if when == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return when == "always"


def _show(runs: Sequence[Run], output: Output, *, color: str, stat: bool) -> bool:
    from netmem_migrate.git.diff import changes_of, diff

    text = b"".join(diff(run.root, changes_of(run), color=_wants_color(color), stat=stat)
                    for run in runs)
    if _options.tells(output):
        _options.put(text)
    return bool(text)


@click.command(
    cls=_Command,
    name="diff",
    epilog="Example: netmem-migrate diff drivers/net/ethernet/VENDOR/DRIVER | git apply --check",
)
@_options.paths_argument
@click.option("--stat", is_flag=True, help="A diffstat instead of the diff.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour the diff. NO_COLOR turns `auto` off.",
)
@click.option("--exit-code", "findings", is_flag=True, help="Exit with 1 if there is a difference.")
@_options.stdin_option
@_options.conversion_options
@_options.means_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    paths: tuple[Path, ...],
    stat: bool,
    color: str,
    findings: bool,
    stdin_name: str,
    **shared: Any,
) -> None:
    """Show what converting PATH would change, as a unified git diff on stdout.

    PATH is a folder, of which every driver is converted, a .c or .h file, or - for one C file on
    stdin. Nothing is written.
    """
    from netmem_migrate.terminal import summary

    means = _options.means(shared)
    options, output = _options.taken(shared)
    if _options.alone(paths):
        with _options.from_stdin(stdin_name, options, output) as (run, _, _):
            runs: tuple[Run, ...] = (run,)
            differs = _show(runs, output, color=color, stat=stat)
    else:
        runs = _options.convert(paths, options, output, means=means)
        differs = _show(runs, output, color=color, stat=stat)
    summary.show(runs, output)
    code: int = _options.exit_code(runs)
    if findings and differs:
        code = max(code, ExitCode.FINDINGS)
    ctx.exit(code)
