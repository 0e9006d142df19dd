# SPDX-License-Identifier: GPL-2.0-only
"""What decides the arms of `#if` in a driver: release and headers of its target, and -D and -U.

A .config never does: what a driver's text is must not hang on it. Headers of an architecture are
not read either, nor what is generated.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from netmem_migrate.c.arms import Arms, alone
from netmem_migrate.c.conditions import (
    DEFINED,
    UNDEFINED,
    Name,
    Names,
    Number,
    integer,
    value_of,
    version,
)
from netmem_migrate.errors import UsageError
from netmem_migrate.kernel.drivers import Driver
from netmem_migrate.kernel.headers import headers_of
from netmem_migrate.model.functions import FUNCTIONS
from netmem_migrate.model.names import NAMES
from netmem_migrate.model.releases import present
from netmem_migrate.model.target import Target

_NOTHING: Names = {}
_GIVEN = re.compile(r"[A-Za-z_]\w*")


def arms_of(files: Mapping[str, bytes], target: Target, define: Iterable[str] = (),
            undefine: Iterable[str] = ()) -> Arms:
    """The arms of a driver of these files. Raises UsageError for what is no name of a macro."""
    brings = Headers(target.headers).brings if target.headers is not None else None
    return Arms({**_model(target.api), **_release(target.release or target.api)},
                given(define, undefine), files, brings)


def arms_of_driver(driver: Driver, target: Target, define: Iterable[str] = (),
                   undefine: Iterable[str] = ()) -> Arms:
    """The same for the files of a driver, those that it borrows included."""
    return arms_of({file: driver.read(file) for file in (*driver.files, *driver.borrowed)},
                   target, define, undefine)


def given(define: Iterable[str], undefine: Iterable[str]) -> dict[bytes, Name]:
    """The names of -D and -U. Raises UsageError for one that is none, or is given to both."""
    found: dict[bytes, Name] = {}
    for said in define:
        name, equals, value = said.partition("=")
        _check("-D", said, name)
        number = value_of(value.encode(), _NOTHING.get) if equals else integer(1)
        found[name.encode()] = Name(True, number)
    for name in undefine:
        _check("-U", name, name)
        if name.encode() in found:
            raise UsageError(f"-D and -U of {name}: give one of them")
        found[name.encode()] = UNDEFINED
    return found


def _check(option: str, said: str, name: str) -> None:
    if _GIVEN.fullmatch(name) is None:
        raise UsageError(f"{option} {said}: {name or 'nothing'} is no name of a macro; "
                         f"give NAME{'[=V]' if option == '-D' else ''}")


def _release(release: str) -> Names:
    """What linux/version.h says; of X.Y alone, the patch level is not known."""
    major, minor, *patch = (int(part) for part in release.split("."))
    low, high = (patch[0], patch[0]) if patch else (0, 255)
    return {b"LINUX_VERSION_CODE": Name(True, Number(version(major, minor, low),
                                                     version(major, minor, high))),
            b"LINUX_VERSION_MAJOR": Name(True, integer(major)),
            b"LINUX_VERSION_PATCHLEVEL": Name(True, integer(minor)),
            b"LINUX_VERSION_SUBLEVEL": Name(True, Number(low, high)),
            b"KERNEL_VERSION": DEFINED}


@lru_cache(maxsize=8)
def _model(release: str) -> Names:
    """The macros that the model knows: those of a release, and those that it does not have."""
    lived = [(one.name, one.since, one.until) for one in NAMES
             if one.declaration.startswith("#define ")]
    lived += [(one.name, one.since, one.until) for one in FUNCTIONS if one.is_macro]
    return {name.encode(): DEFINED if present(since, until, release) else UNDEFINED
            for name, since, until in lived}


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of a tree that every driver can include."""

    root: Path

    def brings(self, include: bytes, names: frozenset[bytes]) -> Names:
        """Which of some names an include line defines, by whatever that header includes."""
        found: dict[bytes, Name] = {}
        for text, mine in headers_of(self.root).defining(os.fsdecode(include), names):
            for name, one in _alone(text, mine).items():
                found[name] = one if found.get(name, one) == one else DEFINED
        return found


_alone = lru_cache(maxsize=1 << 12)(alone)
