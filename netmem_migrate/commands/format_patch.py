# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate format-patch`: a series that `git am` takes."""

from __future__ import annotations

import contextlib
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netmem_migrate.commands import _options
from netmem_migrate.errors import ExitCode, InputError, UsageError
from netmem_migrate.files import plain
from netmem_migrate.results import Migration, Run
from netmem_migrate.terminal.say import put_path, say

if TYPE_CHECKING:
    from netmem_migrate.patch.folder import Report
    from netmem_migrate.patch.plan import PatchStep
    from netmem_migrate.patch.prove import Proven
    from netmem_migrate.patch.series import SeriesOptions


def _notes(root: Path, files: tuple[Path, ...], *, signoff: bool) -> None:
    from netmem_migrate.patch import folder, recipients
    from netmem_migrate.patch.plan import LIMIT

    patches = [file for file in files if "0000-" not in file.name]
    if len(patches) > LIMIT:
        click.echo(
            f"note: {len(patches)} patches in several series; netdev wants at most {LIMIT} of one "
            "person under review at a time", err=True,
        )
    if patches and not signoff:
        click.echo(
            "note: not signed off; read the patches, then run again with -s "
            "(checkpatch.pl asks for Signed-off-by)",
            err=True,
        )
    for place in dict.fromkeys(file.parent for file in patches):
        args = place / folder.BESIDE / folder.OPTIONS
        if args.is_file():
            say(f"to send: xargs -a {shlex.quote(str(args))} git send-email "
                       f"{shlex.quote(str(place))}/*.patch")
            continue
        try:
            recipients.ask(root, [plain.read(file) for file in patches])
        except InputError as error:
            say(f"note: no list of recipients: {error}")
            return


def _prove(run: Run, wanted: SeriesOptions, *, quiet: bool) -> Proven:
    from netmem_migrate.patch.plan import plans
    from netmem_migrate.patch.prove import prove
    from netmem_migrate.terminal.progress import progress

    with progress(quiet=quiet) as bar:
        bar.step("Compiling")
        return prove(
            run, plans(run, together=wanted.together, heads=wanted.takes_heads),
            lambda source, done, count: bar.at(done / count, f"{done}/{count} {source}"))


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
    "--together",
    is_flag=True,
    help="One series of all drivers. Default: one a driver, each in a folder of DIR.",
)
@click.option(
    "-v",
    "--reroll-count",
    "version",
    type=click.IntRange(min=1),
    metavar="N",
    help="Mark the series as the Nth version. Default: 1, or the one after --previous.",
)
@click.option(
    "--previous",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder of the earlier version: adds a range-diff against it.",
)
@click.option("--rfc", is_flag=True, help="[RFC net-next] instead of [PATCH net-next].")
@click.option("--tree", default="net-next", show_default=True, metavar="NAME",
              help="The tree in the subject.")
@click.option(
    "--base",
    default="",
    metavar="COMMIT",
    help="Name COMMIT as base-commit, or `none`. Default: HEAD.",
)
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
    help="Add an Assisted-by tag. Default: where the tree's process documents ask, in their form.",
)
@click.option(
    "--verify",
    is_flag=True,
    help="Compile and compare each patch first, and say so in its message (see `verify`).",
)
@click.option(
    "--heads",
    is_flag=True,
    help="Also write drivers whose buffers come to the stack only as skb heads.",
)
@click.option(
    "--why",
    "reason",
    default="",
    metavar="TEXT",
    help="Why it is done, for the messages; what --heads asks for is written as well.",
)
@click.option("--rules", is_flag=True, help="List the replacements that were made, below `---`.")
@click.option(
    "--branch",
    default="",
    metavar="NAME",
    help="Also leave the commits on this new branch, for `b4 prep --enroll`.",
)
@click.option(
    "--force", is_flag=True, help="Replace an earlier series in DIR, and a branch that exists."
)
@_options.conversion_options
@_options.means_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    paths: tuple[Path, ...],
    out: Path,
    together: bool,
    version: int | None,
    previous: Path | None,
    rfc: bool,
    tree: str,
    base: str,
    cover_letter: bool | None,
    signoff: bool,
    assisted_by: bool | None,
    verify: bool,
    heads: bool,
    reason: str,
    rules: bool,
    branch: str,
    force: bool,
    **shared: Any,
) -> None:
    """Convert PATH and write a series a driver to DIR; list the patches on stdout.

    Work tree, index and HEAD stay untouched: git commits in a scratch repository, on top of
    HEAD where there is one; what `apply` left in the work tree is written as well. Author is whom
    git's own settings name. DIR/send holds To and Cc by
    the tree's get_maintainer.pl, as a list and as options of git send-email.
    """
    from netmem_migrate.git.run import repository
    from netmem_migrate.patch.plan import heads_only
    from netmem_migrate.patch.series import SeriesOptions
    from netmem_migrate.report import wording
    from netmem_migrate.terminal import summary

    means = _options.means(shared)
    options, output = _options.taken(shared)
    if Path("-") in paths:
        raise UsageError("format-patch wants a file or folder in a tree, not -; use diff for stdin")
    runs = _options.convert(paths, options, output, judge=True, committed=True, means=means)
    wanted = SeriesOptions(
        tree=tree,
        version=version,
        rfc=rfc,
        cover_letter=cover_letter,
        signoff=signoff,
        force=force,
        together=together,
        base=base,
        previous=previous,
        branch=branch,
        recipients=True,
        trailer=assisted_by,
        heads=heads,
        reason=" ".join(reason.split()),
        rules=rules,
    )
    each = [wanted for _ in runs]
    if verify:
        proofs = [_prove(run, wanted, quiet=output.quiet) for run in runs]
        failed = [one for proven in proofs for one in proven.failed]
        if failed:
            for one in failed:
                say(summary.unproven(one))
            say("not proven; nothing was written")
            ctx.exit(ExitCode.VERIFY)
        each = [replace(wanted, proven=proven.sentences, layouts=proven.layouts)
                for proven in proofs]
    guesses: list[str] = []
    left = [step for run in runs for step in heads_only(run) if not wanted.takes_heads]
    done = [_less(run, left) for run in runs]
    written = _write(runs, _folders(out, runs), each, summary.beside(done, output), guesses)
    if _options.tells(output):
        for file in (file for files in written for file in files):
            put_path(file)
    summary.tell(done, output)
    if not output.quiet:
        for step in left:
            say(f"{step.key}: not written: {wording.heads(step.subject.report.handed)}; "
                       "--heads or --why TEXT writes it")
        for run, files in zip(runs, written, strict=True):
            if run.drivers and not files and not left and repository(run.root) is None:
                say("note: nothing to write; the tree is no git tree, so there is no HEAD "
                           "from which a converted work tree would differ")
            _notes(run.root, files, signoff=signoff)
        for guess in dict.fromkeys(guesses):
            say(f"note: {guess[0].lower()}{guess[1:]}")
    ctx.exit(max(_options.exit_code(runs), ExitCode.REFUSED if left else ExitCode.DONE))


def _write(runs: Sequence[Run], places: Sequence[Path], asked: Sequence[SeriesOptions],
           report: Report | None, guesses: list[str]) -> list[tuple[Path, ...]]:
    """Write the series of each run, and the report with the last of them; all of it or nothing."""
    from netmem_migrate.patch.plan import plans
    from netmem_migrate.patch.series import write_series
    from netmem_migrate.report import outputs

    last = max((at for at, (run, wanted) in enumerate(zip(runs, asked, strict=True))
                if plans(run, together=wanted.together, heads=wanted.takes_heads)), default=None)
    written: list[tuple[Path, ...]] = []
    with contextlib.ExitStack() as back:
        for at, (run, where, wanted) in enumerate(zip(runs, places, asked, strict=True)):
            new = not where.exists()
            written.append(write_series(run, where, wanted, guesses.append,
                                        report if at == last else None))
            if new:
                back.callback(shutil.rmtree, where, ignore_errors=True)
        if report is not None and last is None:
            outputs.write(report.path, report.text)
        back.pop_all()
    return written


def _less(run: Run, left: Sequence[PatchStep]) -> Run:
    """The same once its patches are written, less those that are left."""
    from netmem_migrate.patch.plan import steps_of

    drivers: list[Migration] = []
    for before, after in zip(run.drivers, run.written.drivers, strict=True):
        steps = steps_of(before)
        kept = [step for step in steps if step not in left]
        changed = {change.path for step in kept for change in step.changes}
        if len(kept) == len(steps):
            drivers.append(after)
        elif kept:
            drivers.append(replace(after, changes=tuple(
                one for one in after.changes if one.path in changed)))
        else:
            drivers.append(before)
    return replace(run, drivers=tuple(drivers))


def _folders(out: Path, runs: Sequence[Run]) -> list[Path]:
    """Where the series of each run go: to `out`, or each to a folder of its own in it."""
    if len(runs) == 1:
        return [out]
    made: list[Path] = []
    for run in runs:
        same = sum(one.name.partition("~")[0] == run.root.name for one in made)
        made.append(out / (f"{run.root.name}~{same}" if same else run.root.name))
    return made
