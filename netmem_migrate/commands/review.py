# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate review`: walk the conversion as `git add -p` walks a diff."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from netmem_migrate.commands import _options
from netmem_migrate.errors import ExitCode, UsageError


@click.command(
    name="review",
    epilog="Example: netmem-migrate review drivers/net/ethernet/VENDOR/DRIVER --apply",
)
@_options.paths_argument
@click.option("--apply", "in_place", is_flag=True, help="At the end, convert in place. "
              "Default: ask.")
@click.option("-o", "--output-directory", "out", type=click.Path(path_type=Path), metavar="DIR",
              help="At the end, write what was accepted as a series to DIR.")
@click.option("-s", "--signoff", is_flag=True, help="Sign the patches off (see format-patch).")
@click.option("--force", is_flag=True, help="Replace an earlier series in DIR.")
@click.option("--verify/--no-verify", default=None,
              help="Also compile each slot's change as it is shown, or compile nothing. "
              "Default: compile what was accepted, where --kernel gives a tree that is prepared.")
@click.option("--restart", is_flag=True, help="Forget the answers of an earlier review.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE",
              help="Ask nothing; write the review as one page.")
@_options.conversion_options
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[Path, ...], in_place: bool, out: Path | None,
            signoff: bool, force: bool, verify: bool | None, restart: bool, html: Path | None,
            **shared: Any) -> None:
    """Show the conversion of PATH slot by slot, ask which to move, and write what was accepted.

    Keys are those of `git add -p`. One answer moves a member or global with all its uses, so
    nothing half-typed can be accepted. Answers are kept until the end: after Ctrl-C the same
    command goes on. Without --apply or -o it asks at the end what to do.
    """
    if in_place and out is not None:
        raise click.UsageError("give --apply or -o, not both")
    if Path("-") in paths:
        raise UsageError("review wants a file or folder, not -: answers come from stdin")
    from netmem_migrate import pipeline
    from netmem_migrate.review.session import Session, Wanted

    options, output = _options.taken(shared)
    given = pipeline.inputs(paths, options)
    steps = _options.proven_steps(options)
    for one in given if steps and html is None else ():
        _options.require_prepared(one.kernel, steps)
    if html is not None and len(given) > 1:
        raise UsageError("--html: a page is of one tree; give the paths of one at a time")
    code = int(ExitCode.DONE)
    for one in given:
        where = out / one.root.name if out is not None and len(given) > 1 else out
        session = Session.start(one, options, output,
                                Wanted(in_place, where, signoff, force, verify, steps))
        if html is not None:
            session.page(html)
            code = session.base.exit_code
        else:
            code = max(code, session.ask(restart=restart))
    ctx.exit(code)
