# SPDX-License-Identifier: GPL-2.0-only
"""How rules are found: every module of check/rules/ is one.

A rule is a module that has one `RULE` and, unless it says what a comparison found, a function
`find(context)` that yields findings. Its id is its module name with dashes; a module whose name
begins with an underscore is shared by several.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.errors import InputError, UsageError
from netmem_migrate.results import Finding


@dataclass(frozen=True, slots=True)
class Loaded:
    """A rule, its module's text, and the function that finds; None for a rule of changes."""

    declared: Rule
    doc: str
    find: Callable[[Context], Iterable[Finding]] | None


@cache
def load() -> tuple[Loaded, ...]:
    """All rules, by id. Raises InputError for a module that declares none, or another's."""
    package = importlib.import_module("netmem_migrate.check.rules")
    found: list[Loaded] = []
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        declared, find = getattr(module, "RULE", None), getattr(module, "find", None)
        if not isinstance(declared, Rule):
            raise InputError(f"check/rules/{info.name}.py declares no RULE")
        if declared.id != info.name.replace("_", "-"):
            raise InputError(f"check/rules/{info.name}.py: its id must be its own module name")
        if (find is None) != (declared.unit is Unit.CHANGE):
            raise InputError(f"check/rules/{info.name}.py: a rule has find(context), one of "
                             "changes has none")
        found.append(Loaded(declared, (module.__doc__ or "").strip(), find))
    return tuple(sorted(found, key=lambda one: one.declared.id))


def rule(id_: str) -> Rule:
    """The rule of an id. Raises InputError for one that there is not."""
    for one in load():
        if one.declared.id == id_:
            return one.declared
    raise UsageError(f"no rule is called {id_}; check --list-rules names them")
