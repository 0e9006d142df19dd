# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate transform`: the passes."""

from __future__ import annotations

import click


@click.group(name="transform")
def command() -> None:
    """The passes that make up a conversion, one concern each."""


@command.command(name="list")
def list_() -> None:
    """List the passes in order; `explain ID` says more about one."""
    from netmem_migrate.passes import load

    passes = load()
    width = max(len(one.declared.id) for one in passes)
    for one in passes:
        click.echo(f"{one.declared.id:<{width}}  {one.declared.summary}")
