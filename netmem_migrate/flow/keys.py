# SPDX-License-Identifier: GPL-2.0-only
"""What tells the slots of a driver apart: one key for each thing that can hold a page.

The same declaration has the same key whoever asks: the reader of the driver, what follows void
pointers, and what looks at the uses of others.
"""

from __future__ import annotations

from netmem_migrate.c.symbols import Function, Global, Symbols
from netmem_migrate.c.types import Member

Key = tuple[object, ...]


def of_member(member: Member) -> Key:
    """By its declarator: records in two branches of an #if have members of their own."""
    return ("member", member.file, member.declarator.node.start_byte)


def of_local(file: str, start: int) -> Key:
    """By the byte where its declarator starts."""
    return ("local", file, start)


def of_global(variable: Global) -> Key:
    """By its name; a static one is its file's."""
    return ("global", variable.file if variable.static else "", variable.name)


def of_parameter(function: Function, index: int) -> Key:
    """Shared by the definition and all prototypes."""
    return ("parameter", *_identity(function), index)


def of_result(function: Function) -> Key:
    """Shared by the definition and all prototypes."""
    return ("return", *_identity(function))


def _identity(function: Function) -> tuple[str, bytes]:
    """A static function of a source file is that file's; one of a header is everybody's."""
    private = function.static and function.file.endswith(".c")
    return (function.file if private else "", function.name)


def versions(symbols: Symbols, function: Function) -> list[Function]:
    """The definition and the prototypes of one function."""
    identity = _identity(function)
    return [other for other in symbols.functions.get(function.name, ())
            if _identity(other) == identity]
