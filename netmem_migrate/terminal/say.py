# SPDX-License-Identifier: GPL-2.0-only
"""Lines for a person; names in them are shown so that they can do nothing to a terminal."""

from __future__ import annotations

import os

import click

from netmem_migrate.escape import shown_text


def say(text: object, *, err: bool = True, nl: bool = True) -> None:
    """Print text without colours, on stderr or stdout."""
    click.echo(shown_text(str(text)), err=err, nl=nl)


def put_path(path: os.PathLike[str]) -> None:
    """Print a path on stdout for a program to read: its bytes and a newline."""
    click.echo(os.fsencode(path))
