# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate format-patch`: a series that `git am` takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from netmem_migrate.commands import _options
from netmem_migrate.patch.series import SeriesOptions, write_series
from netmem_migrate.results import InputError

_LIMIT = 15  # patches a series, Documentation/process/maintainer-netdev.rst


def _notes(files: tuple[Path, ...], *, signoff: bool) -> None:
    patches = [file for file in files if "0000-" not in file.name]
    if len(patches) > _LIMIT:
        click.echo(
            f"note: {len(patches)} patches; netdev takes at most {_LIMIT} in a series", err=True
        )
    if patches and not signoff:
        click.echo(
            "note: not signed off; read the patches, then run again with -s "
            "(checkpatch.pl asks for Signed-off-by)",
            err=True,
        )


@click.command(
    name="format-patch",
    epilog="Example: netmem-migrate format-patch drivers/net/ethernet/VENDOR/DRIVER -o out -s",
)
@_options.paths_argument
@click.option(
    "-o",
    "--output-directory",
    "out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Where to write the patches; made if need be.",
)
@click.option(
    "-v",
    "--reroll-count",
    "version",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Mark the series as the Nth version.",
)
@click.option("--rfc", is_flag=True, help="[RFC net-next] instead of [PATCH net-next].")
@click.option("--tree", default="net-next", show_default=True, help="The tree in the subject.")
@click.option(
    "--cover-letter/--no-cover-letter",
    default=None,
    help="Write 0000-cover-letter.patch. Default: for more than one patch.",
)
@click.option(
    "-s",
    "--signoff",
    is_flag=True,
    help="Add your Signed-off-by, from git's user.name and user.email. It certifies the DCO.",
)
@click.option(
    "--assisted-by/--no-assisted-by",
    default=None,
    help="Add `Assisted-by: netmem-migrate`. Default: where the tree's process documents ask.",
)
@click.option("--force", is_flag=True, help="Replace an earlier series in DIR.")
@_options.conversion_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    paths: tuple[Path, ...],
    out: Path,
    version: int,
    rfc: bool,
    tree: str,
    cover_letter: bool | None,
    signoff: bool,
    assisted_by: bool | None,
    force: bool,
    **shared: Any,
) -> None:
    """Convert PATH and write one patch a driver to DIR; list the files on stdout.

    Work tree, index and branches stay untouched: git commits in a scratch repository, on top of
    HEAD where there is one. Author is whom git's own settings name.
    """
    options = _options.conversion(shared)
    if Path("-") in paths:
        raise InputError("format-patch wants a file or folder in a tree, not -; use diff for stdin")
    run = _options.convert(paths, options)
    files = write_series(
        run,
        out,
        SeriesOptions(
            tree=tree,
            version=version,
            rfc=rfc,
            cover_letter=cover_letter,
            signoff=signoff,
            force=force,
            arguments=options.arguments(),
            trailer=assisted_by,
        ),
    )
    for file in files:
        click.echo(str(file))
    _options.summary(run, options)
    if not options.quiet:
        _notes(files, signoff=signoff)
    ctx.exit(_options.exit_code(run))
