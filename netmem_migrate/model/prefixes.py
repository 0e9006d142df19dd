# SPDX-License-Identifier: GPL-2.0-only
"""The prefix that subjects of commits use for a kernel module, as prefixes.toml has it.

`netmem-migrate kernel prefixes` writes that file: a fact is a module, a prefix and two counts.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain, whole

LEAST = 3
"""How many commits have to name a module for its prefix to be known."""
BUNDLED = Path(__file__).with_name("prefixes.toml")

_HEAD = """\
# SPDX-License-Identifier: GPL-2.0-only
# Written by `netmem-migrate kernel prefixes`. The subject prefix that upstream's commits to each
# module of drivers/net use most: `uses` of the `entries` of changelogs that name the module.

"""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Known:
    """A prefix without the final colon, used by `uses` of the `entries` that name the module."""

    prefix: str
    uses: int
    entries: int


@dataclass(frozen=True, slots=True)
class Table:
    """What is known by the module's name, and whence: a kernel's Makefiles, some changelogs."""

    kernel: str
    changelogs: tuple[str, ...]
    modules: Mapping[str, Known]

    def since(self, before: Table) -> Iterator[str]:
        """What changed against an earlier table, a line for each module."""
        for name in sorted(self.modules.keys() | before.modules.keys()):
            old, new = before.modules.get(name), self.modules.get(name)
            what = "new" if old is None else "gone" if new is None else "changed"
            row = new or old
            if row is not None and old != new:
                yield f"{what:<8}  {name}: {row.prefix}, {row.uses} of {row.entries}"

    def write(self, path: Path) -> None:
        """Write it as a file. Raises InputError where that cannot be done."""
        lines = [f"kernel = {json.dumps(self.kernel)}",
                 f"changelogs = {json.dumps(self.changelogs)}", "", "[modules]"]
        for name, row in sorted(self.modules.items()):
            key = name if _BARE.fullmatch(name) else json.dumps(name)
            lines.append(f"{key} = {{ prefix = {json.dumps(row.prefix)}, uses = {row.uses}, "
                         f"entries = {row.entries} }}")
        try:
            whole.write(path, (_HEAD + "\n".join(lines) + "\n").encode())
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}; --table names another file") from error


def read(path: Path = BUNDLED) -> Table:
    """A table from its file. Raises InputError for one that is none."""
    try:
        held = tomllib.loads(plain.read(path).decode("utf-8"))
        rows = {name: Known(**row) for name, row in held["modules"].items()}
        return Table(held["kernel"], tuple(held["changelogs"]), rows)
    except (InputError, ValueError, KeyError, TypeError, AttributeError,
            RecursionError) as error:
        raise InputError(f"{path}: no table of prefixes ({error}); "
                         "`netmem-migrate kernel prefixes` writes it") from error


def known(modules: Mapping[str, int]) -> Known | None:
    """What is known of a driver, by how many of its files are built into which module.

    Of several modules it is the one of most files, of those that of most entries.
    """
    table = _bundled().modules
    rows = [(modules[name], table[name].entries, name) for name in modules if name in table]
    return table[max(rows)[2]] if rows else None


@cache
def _bundled() -> Table:
    return read()
