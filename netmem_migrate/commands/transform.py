# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate transform`: the passes."""

from __future__ import annotations

from pathlib import Path

import click

from netmem_migrate.errors import ExitCode


@click.group(name="transform")
def command() -> None:
    """The passes that make up a conversion, one concern each."""


@command.command(name="list")
def list_() -> None:
    """List the passes in order; `explain ID` says more about one."""
    from netmem_migrate.convert.passes import load

    passes = load()
    width = max(len(one.declared.id) for one in passes)
    for one in passes:
        asked = f" ({one.declared.option})" if one.declared.option else ""
        click.echo(f"{one.declared.id:<{width}}  {one.declared.summary}{asked}")


@command.command(epilog="Example: netmem-migrate transform new rx-hints")
@click.argument("id_", metavar="ID")
def new(id_: str) -> None:
    """Begin a pass: a module and its test, with what is to be filled in marked TODO.

    Works in a checkout of netmem-migrate. The new pass edits nothing until it is written, and
    `transform lint` says what it still lacks.
    """
    from netmem_migrate.convert.authoring import scaffold

    modules = _modules()
    for path in scaffold(modules, modules.parent / "tests/transforms", id_):
        click.echo(_shown(path))


@command.command(epilog="Exit code 1: something is wrong with a pass.")
@click.pass_context
def lint(ctx: click.Context, /) -> None:
    """Check every pass and its test, without running them.

    Docstring, declaration, example, kernel document, a test with cases that must stay; that a pass
    only yields edits, and knows no driver by its name.
    """
    from netmem_migrate.convert.authoring import lint as check

    modules = _modules()
    tests = modules.parent / "tests/transforms"
    found = check(modules, tests if tests.is_dir() else None)
    for one in found:
        click.echo(f"{_shown(one.path)}:{one.line}:{one.column}: {one.text}")
    if found:
        ctx.exit(ExitCode.FINDINGS)


def _modules() -> Path:
    import importlib

    return Path(importlib.import_module("netmem_migrate.transforms").__path__[0])


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
