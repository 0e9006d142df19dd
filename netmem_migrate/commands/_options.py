# SPDX-License-Identifier: GPL-2.0-only
"""The options of the command line, made of the fields of netmem_migrate/options.py."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import click

from netmem_migrate.convert import passes
from netmem_migrate.errors import ExitCode, InputError, UsageError
from netmem_migrate.options import STDOUT, Conversion, Flag, Output, flags_of
from netmem_migrate.results import Run

_FLAGS: dict[str, Flag] = {**flags_of(Conversion), **flags_of(Output)}
# In front of the name of a pass's parameter, which the ids of passes cannot begin with.
_PASS = "pass_"

paths_argument = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)


def option(name: str, **own: Any) -> Callable[[Any], Any]:
    """The option that a field of Conversion or Output is; `own` is what a command says of it."""
    flag = _FLAGS[name]
    said: dict[str, Any] = {"help": flag.help}
    if flag.switch:
        said["is_flag"] = True
    else:
        said |= {"metavar": flag.metavar, "multiple": flag.repeatable}
    if flag.path:
        said["type"] = click.Path(path_type=Path)
    return click.option(*flag.names, name, **(said | own))


def conversion_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a conversion, those of the passes, and those of its output."""
    opt_in = [click.option(one.declared.option, _parameter(one.declared.id), is_flag=True,
                           help=f"{one.declared.summary[:1].upper()}{one.declared.summary[1:]}.")
              for one in passes.load() if one.declared.option]
    every = [*map(option, flags_of(Conversion)), *opt_in, *map(option, flags_of(Output))]
    for one in reversed(every):
        command = one(command)
    return command


def _parameter(id: str) -> str:
    return _PASS + id.replace("-", "_")


def taken(given: dict[str, Any]) -> tuple[Conversion, Output]:
    """What a command's keyword arguments say of the conversion, and of its output."""
    opted = tuple(id for id in passes.flags() if given[_parameter(id)])
    return (Conversion(**{name: given[name] for name in flags_of(Conversion)}, opted=opted),
            Output(**{name: given[name] for name in flags_of(Output)}))


def convert(paths: tuple[Path, ...], options: Conversion, output: Output, *,
            judge: bool = False, committed: bool = False) -> tuple[Run, ...]:
    """Run the conversion in memory, and say what stopped one; a run for each root.

    `committed` asks for that of HEAD where the work tree is what comes of it.

    `judge` asks for the requirements of netmem.rst even where no report is written.
    """
    from netmem_migrate import pipeline
    from netmem_migrate.terminal import progress, summary

    _check_report(output.report)
    with progress.live(output.quiet) as bar:
        bar.step("Looking for drivers")
        given = pipeline.inputs(paths, options)
        bar.step("Converting")
        runs = pipeline.converted(given, options, judge=judge or output.report is not None,
                                  progress=bar.number)
        if committed:
            runs = tuple(pipeline.committed(one, run, options)
                         for one, run in zip(given, runs, strict=True))
    summary.stopped(runs)
    return runs


def exit_code(runs: Sequence[Run]) -> ExitCode:
    """How a command ends that made these runs: the highest of their codes."""
    return max(run.exit_code for run in runs)


def tells(output: Output) -> bool:
    """Whether stdout has the result: it does not where the report was asked for there."""
    return output.report != STDOUT


def _check_report(path: Path | None) -> None:
    """Refuse a report that cannot be written before anything else is."""
    if path is not None and path != STDOUT and not path.absolute().parent.is_dir():
        raise InputError(f"{path}: no such folder for the report; make it first")
    if path is not None and path.is_dir():
        raise InputError(f"{path}: a folder; name a file for the report")


@contextlib.contextmanager
def stdin_file(name: str) -> Iterator[Path]:
    """What stands on stdin, as a file called `name` in a folder of its own.

    Raises UsageError for a name that is none, and where nothing stands on stdin.
    """
    pure = PurePath(name)
    if pure.is_absolute() or ".." in pure.parts or pure.suffix not in (".c", ".h"):
        raise UsageError(f"{name}: --stdin-filename wants a relative name that ends in .c or .h")
    data = stdin()
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as folder:
        path = Path(folder) / pure
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        yield path


def put(text: bytes) -> None:
    """Write bytes to stdout."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def stdin() -> bytes:
    """What stands on stdin. Raises UsageError where nothing does."""
    data = sys.stdin.buffer.read()
    if not data.strip():
        raise UsageError("-: nothing on stdin")
    return data


def for_stdin(options: Conversion) -> Conversion:
    """The same options for a file that lies in no tree: of --kernel only the API level counts."""
    if options.kernel is None:
        return options
    from netmem_migrate.kernel.tree import Kernel

    return replace(options, kernel=None, api=options.api or Kernel.at(options.kernel).api)


def alone(paths: tuple[Path, ...]) -> bool:
    """Is stdin the only input? Raises UsageError where `-` stands beside other paths."""
    if Path("-") not in paths:
        return False
    if len(paths) > 1:
        raise UsageError("- reads one file from stdin and cannot stand beside other paths")
    return True
