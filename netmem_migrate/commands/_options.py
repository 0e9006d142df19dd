# SPDX-License-Identifier: GPL-2.0-only
"""The options of the command line, made of the fields of netmem_migrate/options.py."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from netmem_migrate.convert import passes
from netmem_migrate.errors import ExitCode, InputError, UsageError
from netmem_migrate.options import STDOUT, Conversion, Flag, Means, Output, flags_of
from netmem_migrate.results import Run

if TYPE_CHECKING:
    from netmem_migrate.kernel.tree import Kernel

_FLAGS: dict[str, Flag] = {**flags_of(Conversion), **flags_of(Output), **flags_of(Means)}
# In front of the name of a pass's parameter, which the ids of passes cannot begin with.
_PASS = "pass_"
_ALONE = Means(jobs=1, no_cache=True)

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


def means_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of how a run is made."""
    command = option("no_cache")(command)
    command = option("jobs", type=click.IntRange(min=1), default=None)(command)
    return command


def means(given: dict[str, Any]) -> Means:
    """What a command's keyword arguments say of that; they are taken out."""
    return Means(given.pop("jobs") or 0, given.pop("no_cache"))


def _parameter(id: str) -> str:
    return _PASS + id.replace("-", "_")


def taken(given: dict[str, Any]) -> tuple[Conversion, Output]:
    """What a command's keyword arguments say of the conversion, and of its output."""
    opted = tuple(id for id in passes.flags() if given[_parameter(id)])
    return (Conversion(**{name: given[name] for name in flags_of(Conversion)}, opted=opted),
            Output(**{name: given[name] for name in flags_of(Output)}))


def convert(paths: tuple[Path, ...], options: Conversion, output: Output, *,
            judge: bool = False, committed: bool = False,
            held: bytes | None = None, means: Means = _ALONE) -> tuple[Run, ...]:
    """Run the conversion in memory, and say what stopped one; a run for each root.

    `committed` asks for that of HEAD where the work tree is what comes of it; `held` is what the
    one file holds that is given, whatever there is on disk.

    `judge` asks for the requirements of netmem.rst even where no report is written.
    """
    from netmem_migrate import pipeline
    from netmem_migrate.terminal import progress, summary

    _check_report(output.report)
    with progress.live(output.quiet) as bar:
        bar.step("Looking for drivers")
        given = pipeline.inputs(paths, options)
        proven = proven_steps(options)
        for one in given if proven else ():
            require_prepared(one.kernel, proven)
        if held is not None:
            given = pipeline.holding(given, paths[0], held)
        bar.step("Converting")
        runs = pipeline.converted(given, options, judge=judge or output.report is not None,
                                  progress=bar.number, means=means)
        if committed:
            runs = tuple(pipeline.committed(one, run, options)
                         for one, run in zip(given, runs, strict=True))
        if proven:
            from netmem_migrate.patch.prove import require
        for run in runs if proven else ():
            bar.step("Compiling")
            require(run, proven)
    summary.stopped(runs)
    return runs


def proven_steps(options: Conversion) -> tuple[str, ...]:
    """The steps that are wanted, and not made without their proof."""
    from netmem_migrate.convert.passes import ids

    known = ids(lambda one: one.proven)
    return tuple(one for one in options.wanted if one in known)


def require_prepared(kernel: Kernel | None, steps: Sequence[str]) -> None:
    """Raise InputError where steps that are not made without a proof cannot be proven."""
    if kernel is None:
        raise InputError(f"--with {steps[0]}: not in a kernel tree, so that it cannot be proven; "
                         "give a driver of a tree that `netmem-migrate kernel prepare` prepared")
    kernel.require_prepared()


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


stdin_option = click.option(
    "--stdin-filename", "--stdin-name", "stdin_name", default="stdin.c", show_default=True,
    metavar="PATH", help="What to call the file that `-` reads. If there is such a file, what is "
    "around it counts as well.")


@contextlib.contextmanager
def from_stdin(name: str, options: Conversion, output: Output) -> Iterator[tuple[Run, str, bytes]]:
    """Convert what stands on stdin: the run, the file's path in it, and what was there.

    A file of that name that there is lends its folder and its tree, and is not read. Raises
    UsageError for a name of another kind, and where nothing stands on stdin.
    """
    path = PurePath(name)
    if path.suffix not in (".c", ".h"):
        raise UsageError(f"{name}: --stdin-filename wants a name that ends in .c or .h")
    real = Path(name)
    if real.is_file():
        data = stdin()
        (run,) = convert((real,), options, output, held=data)
        yield run, real.resolve().relative_to(run.root).as_posix(), data
        return
    if path.is_absolute() or ".." in path.parts:
        raise UsageError(f"{name}: no such file; --stdin-filename wants one, or a name below here")
    data = stdin()
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as folder:
        path = Path(folder) / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        (run,) = convert((path,), options, output)
        yield run, path.resolve().relative_to(run.root).as_posix(), data


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


def alone(paths: tuple[Path, ...]) -> bool:
    """Is stdin the only input? Raises UsageError where `-` stands beside other paths."""
    if Path("-") not in paths:
        return False
    if len(paths) > 1:
        raise UsageError("- reads one file from stdin and cannot stand beside other paths")
    return True
