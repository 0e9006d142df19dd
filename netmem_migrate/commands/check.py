# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate check`: sources, patches and series judged by model and rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netmem_migrate.commands import _options
from netmem_migrate.errors import ExitCode, InputError, UsageError
from netmem_migrate.files.journal import require_settled
from netmem_migrate.options import STDOUT, Conversion
from netmem_migrate.results import Severity
from netmem_migrate.terminal.say import say

if TYPE_CHECKING:
    from netmem_migrate.check.findings import Rule
    from netmem_migrate.kernel.tree import Kernel
    from netmem_migrate.report.norms import Norm
    from netmem_migrate.results import FileChange, Finding


@click.command(
    name="check",
    epilog="Example: netmem-migrate check drivers/net/ethernet/VENDOR. For b4: set "
    "b4.review-perpatch-check-cmd to `netmem-migrate check --b4 --kernel TREE -`. Exit code 1: "
    "an error or a warning was found.",
)
@click.argument("paths", nargs=-1, metavar="PATH|PATCH|REV...", type=click.Path(path_type=Path))
@_options.option("kernel",
                 help="The kernel tree. Default: found by walking up from PATH, or from here.")
@_options.option("api")
@_options.option("define")
@_options.option("undefine")
@_options.option("one_driver")
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Only this rule. Repeatable.")
@click.option("--ignore", multiple=True, metavar="ID", help="Not this rule. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON on stdout.")
@click.option("--sarif", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the findings as SARIF 2.1.0.")
@click.option("--b4", is_flag=True, help="Answer as an external check of b4: JSON, exit code 0.")
@click.option("--fail-on", "least", type=click.Choice(["error", "warning", "note", "never"]),
              default="warning", show_default=True,
              help="Exit code 1 for findings of this severity and worse.")
@click.option("--baseline", "known_before", type=click.Path(path_type=Path), metavar="FILE",
              help="Leave out what FILE has, an earlier answer of --json.")
@click.option("--fix", is_flag=True,
              help="Write into the sources what findings with one answer say, and check again.")
@click.option("--list-rules", is_flag=True, help="List the rules and what each follows.")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[Path, ...], rules: tuple[str, ...],
            ignore: tuple[str, ...], as_json: bool, sarif: Path | None, b4: bool,
            least: str, known_before: Path | None, fix: bool, list_rules: bool,
            **settled: Any) -> None:
    """Check sources, patches, or a folder of patches, without compiling.

    A source or a driver's folder is interpreted over the model of the netmem API: leaks, double
    releases, use after release, missing tests, wrong arguments, unreadable memory, flags. A patch
    is compared: the same steps in the same order before and after, but for page and netmem. PATCH
    is a mail or a diff, REV a commit or a range A..B; a series that the tree has already is taken
    out first. A folder of *.patch files is also checked as a series for netdev. Nothing of the
    tree is run, but for its checkpatch.pl, kernel-doc and get_maintainer.pl where --kernel gives
    the tree.
    """
    known = _rules()
    if list_rules:
        for rule in known:
            click.echo(f"{rule.id:22} {rule.severity.value:8} {rule.summary} ({rule.why})")
        return
    if not paths:
        raise click.UsageError("name a source, a folder, or a patch", ctx)
    tells = sarif != STDOUT
    if not tells and (as_json or b4):
        raise UsageError("-: only one of --json, --b4 and --sarif can go to stdout")
    _asked((*rules, *ignore), known)
    from netmem_migrate.check import silenced
    from netmem_migrate.report import findings as report
    from netmem_migrate.report.outputs import write
    from netmem_migrate.report.sarif import Descriptor

    def judged() -> tuple[list[Finding], list[Norm]]:
        found, norms = _judged(paths, Conversion(**settled))
        chosen = sorted({one for one in found
                         if (not rules or one.id in rules) and one.id not in ignore})
        if known_before is not None:
            chosen = list(silenced.new(chosen, silenced.baseline(known_before)))
        return chosen, norms

    try:
        found, norms = judged()
    except InputError as error:
        if not b4:
            raise
        # b4 reads the answer only, and takes silence for a check that did not run.
        click.echo(report.b4_failed(str(error)))
        return
    if fix and _mend(paths, Conversion(**settled), found):
        found, norms = judged()
    if sarif is not None:
        described = [Descriptor(one.id, one.summary, one.why) for one in known]
        write(sarif, report.as_sarif(described, found, norms))
    if b4 or as_json:
        click.echo(report.as_b4(found, norms) if b4 else report.as_json(found, norms))
    else:
        for line in report.text(found, norms) if tells else ():
            click.echo(line)
        say(report.counted(found, norms))
    if not b4 and least != "never" and report.fails(found, norms, Severity(least)):
        ctx.exit(ExitCode.FINDINGS)


def _asked(rules: Iterable[str], known: Iterable[Rule]) -> None:
    """Raise UsageError for what is no rule."""
    names = {rule.id for rule in known}
    for name in rules:
        if name not in names:
            raise UsageError(f"no rule is called {name}; check --list-rules names them")


def _mend(paths: Sequence[Path], options: Conversion, found: Sequence[Finding]) -> int:
    """Write the answers that findings have; how many that were.

    Raises UsageError for anything but sources, and InputError, with nothing written, where a file
    cannot be.
    """
    from netmem_migrate import pipeline
    from netmem_migrate.check.mend import mended
    from netmem_migrate.commands import _series
    from netmem_migrate.patch.apply import apply

    other = next((one for one in paths if not one.exists() or _series.is_patches(one)), None)
    if other is not None:
        raise UsageError(f"{other}: --fix writes into sources; apply a patch first")
    done: list[Finding] = []
    wanted = []
    for one in pipeline.to_check(paths, options):
        for driver in one.drivers:
            loaded = driver.loaded(driver.files)
            changes, fixed = mended(found, {file: loaded.read(file) for file in driver.files})
            if changes:
                wanted.append((driver.root, changes))
                done += fixed
    files = apply(*wanted) if wanted else ()
    open_ = len(found) - len(done)
    say(f"{len(done)} of {len(found)} findings mended in {len(files)} "
        f"file{'s' * (len(files) != 1)}" + (
            f"; {open_} {'is' if open_ == 1 else 'are'} for a person" if open_ else ""))
    return len(done)


def _rules() -> list[Rule]:
    """Every rule, those of sources and those of patches, by id."""
    from netmem_migrate.check.registry import load

    return [one.declared for one in load()]


def _judged(paths: Sequence[Path], options: Conversion) -> tuple[list[Finding], list[Norm]]:
    """What is found in sources and patches, and of each folder of patches netdev's list."""
    from netmem_migrate.commands import _series

    require_settled(path for path in paths if path.exists())
    found: list[Finding] = []
    norms: list[Norm] = []
    patches: list[Path] = []
    sources: list[Path] = []
    for path in paths:
        if path.is_dir() and _series.is_patches(path):
            from netmem_migrate.check.series.selfcheck import check_series

            tree = _tree(path, options.kernel)
            norms += [replace(one, place=str(path)) for one in check_series(
                path, kernel=tree.root if tree is not None else None,
                scripts=options.kernel is not None)]
            if tree is not None:
                found += _patches([path], options)
        else:
            (patches if _series.is_patches(path) else sources).append(path)
    if patches:
        found += _patches(patches, options)
    named = [one for one in sources if not one.exists() and
             _series.repository_of([one], _places(options.kernel)) is not None]
    if named:
        found += _patches(named, options)
    rest = [one for one in sources if one not in named]
    if rest:
        found += _sources(rest, options)
    return found, norms


def _places(kernel: Path | None) -> list[Path]:
    """Where commits are looked for, and files of a series that is for no kernel tree."""
    from netmem_migrate.git.run import repository

    tree = _tree(Path.cwd(), kernel)
    if tree is not None:
        return [tree.root]
    around = repository(Path.cwd())
    return [around.top, Path.cwd()] if around is not None else [Path.cwd()]


def _sources(paths: Sequence[Path], options: Conversion) -> tuple[Finding, ...]:
    """What is found in folders of drivers, and in files.

    A folder without any driver is judged as it is, and it is said that it has none.
    """
    from netmem_migrate import pipeline
    from netmem_migrate.terminal import progress, summary

    with progress.live() as bar:
        bar.step("Looking for drivers")
        given = pipeline.to_check(paths, options)
        bar.step("Checking")
        found = pipeline.checked(given, options, bar.number)
    for one in given:
        for line in summary.none_found(pipeline.started(one, ())):
            say(line)
    count = sum(len(one.drivers) for one in given)
    if count > 1:
        say(f"{count} drivers looked at")
    return found


def _tree(path: Path, kernel: Path | None) -> Kernel | None:
    """The tree that a patch is for, if there is one."""
    from netmem_migrate.kernel.tree import Kernel

    if kernel is not None:
        return Kernel.at(kernel)
    return Kernel.find(path.absolute()) or Kernel.find(Path.cwd())


def _not_judged(patches: Sequence[Path], changes: Sequence[FileChange]) -> Iterator[str]:
    """What of a series no rule looks at: files that hold no C, modes, and text that git drops."""
    from netmem_migrate.kernel.drivers import is_source
    from netmem_migrate.verify.beside import unjudged

    for one in changes:
        if one.before != one.after and not is_source(one.path):
            yield f"note: {one.path}: not judged: no C source"
    for patch in patches:
        for proof in unjudged(patch):
            yield from (f"note: {proof.source}: not judged: {why}" for why in proof.plain.details)


def _patches(words: Sequence[Path], options: Conversion) -> Iterator[Finding]:
    """Judge a series: patches in order, or commits."""
    from netmem_migrate import pipeline
    from netmem_migrate.commands import _series

    tree = _tree(words[0], options.kernel)
    places = _places(options.kernel)
    with _series.taken(words, _series.repository_of(words, places)) as given:
        root = tree.root if tree is not None else _series.root_of(given, places)
        if root is None:
            raise InputError(f"{words[0]}: a patch is checked against its tree; give that with "
                             "--kernel, or run this in the folder that its paths begin at")
        series = given.on(root, any_file=True)
        if series.held:
            say(f"{root} has the series already; checked against what was before it")
        for line in _not_judged(given.patches, series.changes):
            say(line)
        yield from pipeline.check_patches(series.steps, tree, options, given.beside(root))
