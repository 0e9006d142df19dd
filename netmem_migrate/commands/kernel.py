# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate kernel`: fetch, prepare and list kernel trees."""

from __future__ import annotations

import contextlib
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from netmem_migrate.commands import _options
from netmem_migrate.terminal.say import put_path, say

if TYPE_CHECKING:
    from netmem_migrate.kernel.process import Progress
    from netmem_migrate.kernel.tree import Kernel

_VERSION = re.compile(r"v?\d+\.\d+")


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from netmem_migrate.kernel.fetch import cached

    found = [CompletionItem(tree.api) for tree in cached() if tree.api.startswith(incomplete)]
    if param.name == "what":
        found.append(CompletionItem(incomplete, type="dir"))
    return found


@contextlib.contextmanager
def _watched(quiet: bool) -> Iterator[Progress]:
    """Progress on stderr; SIGTERM and SIGHUP clean up as Ctrl-C does."""
    from netmem_migrate.terminal.progress import progress

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with progress(quiet) as shown:
            yield shown
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


quiet_option = _options.option("quiet", help="No progress on stderr.")
version_argument = click.argument(
    "version", required=False, metavar="[VERSION]", shell_complete=_complete
)
arch_option = click.option(
    "--arch", default="", metavar="ARCH",
    help="For another machine, as kbuild's ARCH names it: arm, arm64, ...")
cc_option = click.option(
    "--cc", default="", metavar="CC", help="By another compiler: clang-19, "
    "arm-linux-gnueabihf-gcc, ... Default: gcc; with --arch, Debian's cross gcc.")


@click.group(name="kernel")
def command() -> None:
    """Fetch, prepare and list kernel trees.

    Trees come from the packages linux-source-X.Y of the distribution and are kept in
    $XDG_CACHE_HOME/netmem-migrate/kernels, by default below ~/.cache. Every command that takes
    --kernel takes any other kernel tree just as well.
    """


@command.command(
    short_help="Download and unpack the source of a release.",
    epilog="Example: netmem-migrate kernel fetch 6.12",
)
@version_argument
@click.option("--refresh", is_flag=True, help="Replace a tree if there is a newer point release.")
@quiet_option
def fetch(version: str | None, refresh: bool, quiet: bool) -> None:
    """Download and unpack the source of linux VERSION (X.Y), by default the newest there is.

    A tree already there stays as it is, without a look at the network if VERSION is given.
    """
    from netmem_migrate.kernel import fetch as kernel_fetch

    with _watched(quiet) as shown:
        kernel_fetch.fetch(version, shown, refresh=refresh)


@command.command(
    short_help="Configure a tree, so that drivers compile in it.",
    epilog="Example: netmem-migrate kernel prepare ~/src/linux",
)
@click.argument("what", required=False, metavar="[VERSION|TREE]", shell_complete=_complete)
@arch_option
@cc_option
@quiet_option
def prepare(what: str | None, arch: str, cc: str, quiet: bool) -> None:
    """Configure a tree, and make its headers, so that drivers compile in it.

    VERSION is a fetched release, TREE the root of any kernel tree; by default the newest fetched
    one. All drivers are configured as modules (allmodconfig). A tree that has a configuration
    keeps it. With --arch or --cc a copy is prepared, which `kernel path` with the same options
    prints.
    """
    from netmem_migrate.kernel import prepare as kernel_prepare
    from netmem_migrate.kernel.tree import Toolchain

    tree = _tree(what)
    with _watched(quiet) as shown:
        kernel_prepare.prepare(tree, shown, Toolchain(arch, cc))


def _tree(what: str | None) -> Kernel:
    from netmem_migrate.kernel.fetch import pick
    from netmem_migrate.kernel.tree import Kernel

    if what is None or _VERSION.fullmatch(what):
        return pick(what)
    return Kernel.at(Path(what))


@command.command(
    name="list",
    short_help="List the fetched trees.",
    epilog="Example: netmem-migrate kernel list --available",
)
@click.option("--available", is_flag=True, help="Ask the archive, too, for what can be fetched.")
@quiet_option
def list_(available: bool, quiet: bool) -> None:
    """List the fetched trees: release, version, state and path."""
    from netmem_migrate.kernel.fetch import available as ask
    from netmem_migrate.kernel.fetch import cached

    rows = [
        (tree.api, tree.version, "prepared" if tree.configured else "not prepared", str(tree.root))
        for tree in cached()
    ]
    if available:
        with _watched(quiet) as shown:
            there = {row[0] for row in rows}
            rows += [(one, "-", "available", "-") for one in ask(shown) if one not in there]
    rows.sort(key=lambda row: tuple(map(int, row[0].split("."))))
    if not rows:
        say("no kernel tree fetched yet; run `netmem-migrate kernel fetch`")
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


@command.command(
    short_help="Print the root of a fetched tree, for scripts.",
    epilog='Example: netmem-migrate verify *.patch --kernel "$(netmem-migrate kernel path)"',
)
@version_argument
@arch_option
@cc_option
def path(version: str | None, arch: str, cc: str) -> None:
    """Print the root of the fetched tree of VERSION, by default the newest one; for scripts.

    With --arch or --cc, of the copy that `kernel prepare` made for them.
    """
    from netmem_migrate.kernel.fetch import pick
    from netmem_migrate.kernel.tree import Toolchain

    put_path(pick(version, Toolchain(arch, cc)).root)


@command.command(
    short_help="Write what subject prefix each driver has in the kernel's changelogs.",
    epilog="Example: netmem-migrate kernel prefixes --check",
)
@click.argument("what", required=False, metavar="[VERSION|TREE]", shell_complete=_complete)
@click.option("--changelog", "files", multiple=True, type=click.Path(path_type=Path),
              metavar="FILE", help="Read this changelog, plain or .gz, and no package; repeatable, "
              "newest first.")
@click.option("--table", type=click.Path(path_type=Path), metavar="FILE",
              help="The table to write. Default: prefixes.toml of the installed model.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if anything would change.")
@quiet_option
@click.pass_context
def prefixes(ctx: click.Context, what: str | None, files: tuple[Path, ...], table: Path | None,
             check: bool, quiet: bool) -> None:
    """Write the table from which `format-patch` takes a subject's prefix where there is no history.

    The modules are those of drivers/net in VERSION or TREE, by default the newest fetched one; what
    commits call them is counted in the changelogs of the distribution's kernel packages, of each
    release that the archive has. Lines on stdout are what changes in the table.
    """
    from netmem_migrate.errors import ExitCode, InputError
    from netmem_migrate.kernel import fetch as kernel_fetch
    from netmem_migrate.kernel import naming, subjects
    from netmem_migrate.model import prefixes as model

    tree = _tree(what)
    if files:
        texts = {file.name: subjects.read(file) for file in files}
    else:
        with _watched(quiet) as shown:
            texts = kernel_fetch.changelogs(shown)
    rows = naming.table(tree.root, subjects.counted(texts.values()))
    if not rows:
        raise InputError(f"{', '.join(texts)}: names no module of {tree.root} three times; give "
                         "changelogs of Debian's kernel, and a tree with drivers/net")
    made = model.Table(tree.version, tuple(texts), rows)
    target = table or model.BUNDLED
    before = model.read(target) if target.is_file() else model.Table("", (), {})
    for line in made.since(before):
        click.echo(line)
    if not check:
        made.write(target)
    elif made != before:
        ctx.exit(ExitCode.FINDINGS)
