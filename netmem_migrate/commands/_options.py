# SPDX-License-Identifier: GPL-2.0-only
"""What diff, apply and format-patch have in common: their options, and how a run is made."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import click

from netmem_migrate.errors import ExitCode, InputError
from netmem_migrate.results import Run, Verdict


@dataclass(frozen=True, slots=True)
class Conversion:
    """The options that shape a conversion."""

    kernel: Path | None
    api: str | None
    only: tuple[str, ...]
    skip: tuple[str, ...]
    keep_names: bool
    keep: tuple[str, ...]
    allow_accessor: bool
    report: Path | None
    quiet: bool

    def arguments(self) -> tuple[str, ...]:
        """These options as they would be typed, less those that name places on this machine."""
        words = [f"--api={self.api}"] if self.api else []
        words += [f"--only={one}" for one in self.only]
        words += [f"--skip={one}" for one in self.skip]
        words += ["--keep-names"] if self.keep_names else []
        words += [f"--keep={one}" for one in self.keep]
        words += ["--allow-accessor"] if self.allow_accessor else []
        return tuple(words)


_SHARED: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--kernel",
        type=click.Path(path_type=Path),
        metavar="TREE",
        help="The kernel tree. Default: found by walking up from PATH.",
    ),
    click.option(
        "--api",
        metavar="X.Y",
        help="The kernel whose netmem API to write for. Default: the tree's own.",
    ),
    click.option("--only", multiple=True, metavar="ID", help="Run this pass only. Repeatable."),
    click.option("--skip", multiple=True, metavar="ID", help="Leave this pass out. Repeatable."),
    click.option("--keep-names", is_flag=True, help="Rename nothing."),
    click.option("--keep", multiple=True, metavar="STRUCT.MEMBER",
                 help="Leave this member, or global, a page. Repeatable."),
    click.option("--allow-accessor", is_flag=True,
                 help="Where only a page will do, read it through one commented accessor."),
    click.option(
        "--report",
        type=click.Path(path_type=Path),
        metavar="FILE.json",
        help="Write what was converted, kept and refused (docs/report.md).",
    ),
    click.option(
        "-q", "--quiet", is_flag=True, help="No summary on stderr. The exit code still tells."
    ),
)


paths_argument = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)


def conversion_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the shared options to a command's function."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


def conversion(options: dict[str, Any]) -> Conversion:
    """Take the shared options out of a command's keyword arguments."""
    return Conversion(
        kernel=options["kernel"],
        api=options["api"],
        only=options["only"],
        skip=options["skip"],
        keep_names=options["keep_names"],
        keep=options["keep"],
        allow_accessor=options["allow_accessor"],
        report=options["report"],
        quiet=options["quiet"],
    )


def _check_report(path: Path | None) -> None:
    """Refuse a report that cannot be written before anything else is."""
    if path is not None and not path.absolute().parent.is_dir():
        raise InputError(f"{path}: no such folder for the report; make it first")
    if path is not None and path.is_dir():
        raise InputError(f"{path}: a folder; name a file for the report")


@contextlib.contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str], None] | None]:
    if quiet or not sys.stderr.isatty():
        yield None
        return
    try:
        yield lambda text: click.echo(f"\r\033[K{text}"[:200], nl=False, err=True)
    finally:
        click.echo("\r\033[K", nl=False, err=True)


def convert(paths: tuple[Path, ...], options: Conversion, *, judge: bool = False) -> Run:
    """Run the conversion in memory; `judge` asks for the requirements of netmem.rst too."""
    from netmem_migrate import api

    _check_report(options.report)
    with _progress(options.quiet) as progress:
        run = api.migrate(
            paths,
            kernel=options.kernel,
            api=options.api,
            only=options.only,
            skip=options.skip,
            keep_names=options.keep_names,
            keep=frozenset(options.keep),
            accessor=options.allow_accessor,
            judge=judge or options.report is not None,
            progress=progress,
        )
    return checked(run)


def checked(run: Run) -> Run:
    """The run without the changes of drivers in whose conversion `check` finds fault."""
    from netmem_migrate import api

    stopped: list[str] = []
    drivers = list(run.drivers)
    for index, one in enumerate(drivers):
        findings = [finding for finding in api.check_migration(one, run.api)
                    if finding.severity != "note"] if one.changes else []
        for finding in findings:
            click.echo(f"netmem-migrate: {finding.file}:{finding.line}: {finding.message} "
                       f"[{finding.id}]", err=True)
        if findings:
            click.echo(f"netmem-migrate: {one.report.path}: its own check stops this conversion; "
                       "nothing of it is written, please report it", err=True)
            stopped.append(one.report.path)
            drivers[index] = replace(one, changes=(), edits=(), steps=())
    return replace(run, drivers=tuple(drivers), stopped=tuple(stopped)) if stopped else run


@contextlib.contextmanager
def stdin_file(name: str) -> Iterator[Path]:
    """What stands on stdin, as a file called `name` in a folder of its own."""
    pure = PurePath(name)
    if pure.is_absolute() or ".." in pure.parts or pure.suffix not in (".c", ".h"):
        raise InputError(f"{name}: --stdin-name wants a relative name that ends in .c or .h")
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as folder:
        path = Path(folder) / pure
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sys.stdin.buffer.read())
        yield path


def for_stdin(options: Conversion) -> Conversion:
    """The same options for a file that lies in no tree: of --kernel only the API level counts."""
    if options.kernel is None:
        return options
    from netmem_migrate.kernel.tree import Kernel

    return replace(options, kernel=None, api=options.api or Kernel.at(options.kernel).api)


def alone(paths: tuple[Path, ...]) -> bool:
    """Is stdin the only input? Raises InputError where `-` stands beside other paths."""
    if Path("-") not in paths:
        return False
    if len(paths) > 1:
        raise InputError("- reads one file from stdin and cannot stand beside other paths")
    return True


def summary(run: Run, options: Conversion) -> None:
    """Write the report file, and say on stderr what was done."""
    if options.report is not None:
        from netmem_migrate.report import json

        json.write(run, options.report)
    if not options.quiet:
        from netmem_migrate.terminal import summary as terminal

        for line in terminal.lines(run):
            click.echo(line, err=True, color=None if terminal.colour() else False)


def exit_code(run: Run) -> int:
    """0, 3 where something was refused, or 5 where the check stopped a conversion."""
    if run.stopped:
        return ExitCode.VERIFY
    refused = any(
        one.report.refusals or one.report.verdict in (Verdict.PARTIAL, Verdict.REFUSED)
        for one in run.drivers
    )
    return ExitCode.REFUSED if refused else ExitCode.DONE
