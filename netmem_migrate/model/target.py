# SPDX-License-Identifier: GPL-2.0-only
"""Which netmem names the target tree has; its own headers win over what is bundled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.words import CALL
from netmem_migrate.errors import InputError, UsageError
from netmem_migrate.files import plain
from netmem_migrate.model.forms import Form, Table, table
from netmem_migrate.model.functions import BY_NAME, LEVELS
from netmem_migrate.model.releases import declared, present
from netmem_migrate.model.schema import parameters
from netmem_migrate.model.twins import Twin

HEADERS = (
    "include/net/page_pool/helpers.h",
    "include/net/page_pool/types.h",
    "include/net/netmem.h",
    "include/linux/skbuff.h",
    "include/net/xdp.h",
)
NEWEST = LEVELS[-1]

_NAME = re.compile(rb"\b(\w*netmem\w*)\s*\(")
_MACRO = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)\(", re.MULTILINE)
_PROTOTYPE = re.compile(rb"\b(\w+)\s*\(([^(){};]*)\)\s*[;{]")
_Row = TypeVar("_Row", Form, Twin)


@cache
def missing(level: str, rows: Table) -> frozenset[str]:
    """The functions of netmem forms that a bundled level lacks."""
    return frozenset(name for form in _every(rows) for name in form.needs
                     if not present(*_lived(name, form), level))


def counts(level: str, rows: Table) -> dict[str, int]:
    """How many parameters functions of the rows take at a level, where that depends on it."""
    found: dict[str, int] = {}
    for name in {name for form in _every(rows) for name in (form.call, *form.needs)}:
        known = BY_NAME.get(name)
        texts = [known.prototype, *(text for _, text in known.earlier)] if known else []
        if known and len({len(parameters(text)) for text in texts}) > 1:
            found[name] = len(parameters(declared(known.prototype, known.earlier, level)))
    return found


def _every(rows: Table) -> Iterator[Form]:
    for row in rows.rows:
        yield from row.forms


def _lived(name: str, form: Form) -> tuple[str, str]:
    known = BY_NAME.get(name)
    return (known.since, known.until) if known is not None else (form.since, "")


@dataclass(frozen=True, slots=True)
class Target:
    """The netmem API of one kernel.

    `api` is its level, `names` the netmem functions of its headers (None: what is bundled of the
    level), `parameters` how many a function takes, where that is known. `release` is "7.3.4" where
    more than the level is known, `headers` the root of the tree that it was read from.
    """

    api: str
    names: frozenset[str] | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)
    release: str = ""
    headers: Path | None = None

    def has(self, name: str) -> bool:
        """Whether there is a function, or a macro, of this name."""
        if self.names is not None:
            return name in self.names
        known = BY_NAME.get(name)
        return name not in missing(self.api, table()) and (
            known is None or present(known.since, known.until, self.api))

    def takes(self, name: str) -> int | None:
        """How many arguments a function takes; None where that is not known, or not one number."""
        known = BY_NAME.get(name)
        if known is None:
            return self.parameters.get(name)
        said = parameters(declared(known.prototype, known.earlier, self.api or NEWEST))
        if "..." in said:
            return None
        return self.parameters.get(name, len(said))

    def fits(self, row: Form | Twin) -> bool:
        """Whether there are the functions of a netmem form, with the parameters they should have.

        Those of a call are those of the page function, and what is extra; a kernel that changes
        both keeps them twins. 6.12 and later releases have two functions of one name.
        """
        form = row.form if isinstance(row, Twin) else row
        return all(self.has(name) for name in form.needs) and self.misfit(form) is None

    def misfit(self, row: Form | Twin) -> tuple[int, int] | None:
        """Of a function that is there under the name of a form, how many arguments the form gives
        it, and how many it takes; None where these are one number."""
        form = row.form if isinstance(row, Twin) else row
        if not form.renames:
            return None
        takes = self.parameters.get(form.becomes.name)
        page = self.parameters.get(form.call)
        wanted = form.parameters if page is None else page + len(form.extra)
        return None if takes is None or wanted is None or takes == wanted else (wanted, takes)

    def choose(self, row: _Row) -> _Row | None:
        """The first form of a row that this kernel has; None if it has none."""
        return next((one for one in row.forms if self.fits(one)), None)


def from_tree(root: Path, api: str, release: str = "") -> Target:
    """Read the names from a tree's headers; `release` is its version, where that is known.

    Raises InputError if it predates netmem.
    """
    rows = table()
    names: set[str] = set()
    found: dict[str, int] = {}
    wanted = {name.encode(): name for form in rows.rows if form.header for name in form.needs}
    for header in dict.fromkeys((*HEADERS, *(f"include/{one}" for one in rows.headers))):
        source = plain.optional(root / header) or b""
        data = code_of(source)
        names.update(name.decode("ascii") for name in _NAME.findall(data))
        declared_ = {*CALL.findall(data), *_MACRO.findall(source)}
        names.update(name for name in BY_NAME if name.encode() in declared_)
        names.update(text for name, text in wanted.items() if _declares(name, source, data))
        for function, given in _PROTOTYPE.findall(data):
            # A call of the same name has no types between its commas.
            if all(len(one.split()) > 1 for one in given.split(b",")):
                found.setdefault(function.decode("ascii", "replace"), given.count(b",") + 1)
    if not names:
        raise InputError(f"{root}: this kernel has no netmem API (include/net/netmem.h); "
                         f"{LEVELS[0]} is the oldest that can be converted")
    names_of_both = names | {form.call for form in rows.calls}
    return Target(api, frozenset(names),
                  {name: found[name] for name in names_of_both & found.keys()}, release, root)


def _declares(name: bytes, source: bytes, code: bytes) -> bool:
    """Whether a header declares a function, or defines it as a macro."""
    return re.search(rb"\b" + name + rb"\s*\(", code) is not None or re.search(
        rb"^[ \t]*#[ \t]*define[ \t]+" + name + rb"\(", source, re.MULTILINE) is not None


def bundled(api: str | None) -> Target:
    """The bundled model at an API level. Raises InputError for a level it does not know."""
    level = api or NEWEST
    if level not in LEVELS:
        raise UsageError(f"unknown API level {level}; known: {', '.join(sorted(LEVELS))}")
    return Target(level, None, counts(level, table()))
