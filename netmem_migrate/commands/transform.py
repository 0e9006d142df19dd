# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate transform`: the passes, and how to begin one or a rule of `check`."""

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
@click.option("--rule", is_flag=True, help="Begin a rule of check, not a pass.")
def new(id_: str, rule: bool) -> None:
    """Begin a pass, or a rule: a module and its test, with what is to be filled in marked TODO.

    Works in a checkout of netmem-migrate. What is new does nothing until it is written, and
    `transform lint` says what it still lacks.
    """
    from netmem_migrate.convert import authoring, authoring_rules

    made = authoring_rules.scaffold(*_rules(), id_) if rule else \
        authoring.scaffold(*_passes(), id_)
    for path in made:
        click.echo(_shown(path))


@command.command(epilog="Exit code 1: something is wrong with a pass or a rule.")
@click.pass_context
def lint(ctx: click.Context, /) -> None:
    """Check every pass, every rule of check and their tests, without running them.

    Docstring, declaration, example, kernel document, a test with cases that must stay; that it
    does nothing but yield edits or findings, and knows no driver by its name.
    """
    from netmem_migrate.convert import authoring, authoring_rules
    from netmem_migrate.convert.authored import Problem

    found: list[Problem] = []
    for check, (modules, tests) in ((authoring.lint, _passes()), (authoring_rules.lint, _rules())):
        found += check(modules, tests if tests.is_dir() else None)
    for one in found:
        click.echo(f"{_shown(one.path)}:{one.line}:{one.column}: {one.text}")
    if found:
        ctx.exit(ExitCode.FINDINGS)


def _passes() -> tuple[Path, Path]:
    """The folders of the passes and of their tests."""
    modules = _folder("netmem_migrate.transforms")
    return modules, modules.parent / "tests/transforms"


def _rules() -> tuple[Path, Path]:
    """The folders of the rules and of their tests."""
    modules = _folder("netmem_migrate.check.rules")
    return modules, modules.parents[2] / "tests/check/rules"


def _folder(package: str) -> Path:
    import importlib

    return Path(importlib.import_module(package).__path__[0]).resolve()


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
