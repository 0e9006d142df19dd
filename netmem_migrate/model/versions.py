# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel has what: the model at a release, in a tree, and the difference of two of them.

A release is "X.Y". What a tree's own headers say wins over what the model says of its release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from netmem_migrate.errors import UsageError
from netmem_migrate.model.functions import BY_NAME, FUNCTIONS, LEVELS
from netmem_migrate.model.names import NAMES
from netmem_migrate.model.releases import declared, number, present, release_of
from netmem_migrate.model.schema import ApiFunction, Effect, Name, Side
from netmem_migrate.model.sync.headers import Headers, Prototype, belongs, name_belongs, read
from netmem_migrate.model.sync.prototypes import shape


@dataclass(frozen=True, slots=True)
class Api:
    """The API of one kernel: `label` is its release, or its release and the tree it is of."""

    label: str
    functions: Mapping[str, ApiFunction]
    names: Mapping[str, Name]


@dataclass(frozen=True, slots=True)
class Changed:
    """A name that two kernels declare differently."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What only one of two kernels has, and what they declare differently; sorted by header."""

    before: str
    after: str
    only_before: tuple[ApiFunction | Name, ...]
    only_after: tuple[ApiFunction | Name, ...]
    changed: tuple[Changed, ...]

    def __bool__(self) -> bool:
        return bool(self.only_before or self.only_after or self.changed)


def at(release: str) -> Api:
    """The bundled model at a release.

    Releases between those that the model was compared with have what is known of them. Raises
    InputError outside of that range.
    """
    short = release_of(release)
    if short is None:
        raise UsageError(f"{release}: no kernel release; give one such as {LEVELS[-1]}")
    if not number(LEVELS[0]) <= number(short) <= number(LEVELS[-1]):
        raise UsageError(f"{release}: the model holds {LEVELS[0]} to {LEVELS[-1]}; give the tree "
                         "of that kernel instead")
    functions = {
        one.name: replace(one, prototype=declared(one.prototype, one.earlier, short))
        for one in FUNCTIONS if present(one.since, one.until, short)
    }
    names = {
        one.name: replace(one, declaration=declared(one.declaration, one.earlier, short))
        for one in NAMES if present(one.since, one.until, short)
    }
    return Api(short, functions, names)


def _chosen(headers: Headers) -> dict[str, Prototype]:
    return {
        one.name: one for one in headers.functions.values()
        if one.name in BY_NAME or belongs(one.name, one.header)
    }


def of_tree(root: Path, release: str) -> Api:
    """The API as a tree's own headers have it, with the effects of the model.

    A function that the model does not know is there with Effect.UNKNOWN. Raises InputError if the
    headers cannot be read.
    """
    headers = read(root)
    functions: dict[str, ApiFunction] = {}
    for one in _chosen(headers).values():
        known = BY_NAME.get(one.name)
        functions[one.name] = (
            replace(known, prototype=one.text, header=one.header) if known
            else unknown(one, release)
        )
    bundled = {one.name: one for one in NAMES}
    names: dict[str, Name] = {}
    for name in headers.names.values():
        entry = bundled.get(name.name)
        if entry is not None:
            names[name.name] = replace(entry, declaration=name.text, header=name.header)
        elif name_belongs(name):
            names[name.name] = Name(name.name, name.kind, name.header, name.text, since=release)
    return Api(f"{release} ({root})", functions, names)


def unknown(one: Prototype, since: str, until: str = "") -> ApiFunction:
    """The entry of a function of which only the prototype is known."""
    side = Side.NONE
    if re.search(r"\bstruct page \*|^page_to_", one.text):
        side = Side.PAGE
    if "netmem_ref" in one.text or "struct net_iov *" in one.text:
        side = Side.NETMEM
    return ApiFunction(one.name, one.text, one.header, side, effect=Effect.UNKNOWN, since=since,
                    until=until)


def difference(before: Api, after: Api) -> Difference:
    """What two kernels do not have in common; names of parameters do not count."""
    mine: dict[str, ApiFunction | Name] = {**before.functions, **before.names}
    other: dict[str, ApiFunction | Name] = {**after.functions, **after.names}
    changed = tuple(
        Changed(name, _text(one), _text(other[name]))
        for name, one in mine.items()
        if name in other and _shape(one) != _shape(other[name])
    )
    return Difference(
        before.label, after.label,
        tuple(_by_header(one for name, one in mine.items() if name not in other)),
        tuple(_by_header(one for name, one in other.items() if name not in mine)),
        tuple(sorted(changed, key=lambda one: one.name)),
    )


def _by_header(entries: Iterable[ApiFunction | Name]) -> list[ApiFunction | Name]:
    return sorted(entries, key=lambda one: (one.header, one.name))


def _text(one: ApiFunction | Name) -> str:
    return one.prototype if isinstance(one, ApiFunction) else one.declaration


def _shape(one: ApiFunction | Name) -> str:
    return shape(one.prototype) if isinstance(one, ApiFunction) else one.declaration
