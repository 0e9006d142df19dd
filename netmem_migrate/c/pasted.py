# SPDX-License-Identifier: GPL-2.0-only
"""Names that macros paste together by `##`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from netmem_migrate.c.mask.text import PAREN, code_with_defines
from netmem_migrate.c.symbols import Macro, Symbols
from netmem_migrate.c.words import WORD

_CHAIN = re.compile(rb"(?<!\w)\w++(?:[\s\\]*+##[\s\\]*+\w++)++")
_PIECE = re.compile(rb"\w+")


def pasted(symbols: Symbols, names: frozenset[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Each of `names` that a macro can make, and that macro.

    What a parameter stands for is any word that some use of the macro is given; where the macro
    is used in another one, that is any word at all.
    """
    for macro_name, macros in symbols.macros.items():
        for macro in macros:
            for chain in _CHAIN.findall(macro.body) if b"##" in macro.body else ():
                for name in _made(symbols, macro, _PIECE.findall(chain), names):
                    yield name, macro_name


def _made(symbols: Symbols, macro: Macro, pieces: list[bytes],
          names: frozenset[bytes]) -> list[bytes]:
    # Nearly no chain gets past this: a piece that is no parameter has to be part of the name.
    fitting = [name for name in sorted(names) if all(
        piece in macro.parameters or piece in name for piece in pieces)]
    if not fitting:
        return []
    given = _given(symbols, macro.name)
    return [name for name in fitting if _fits(name, pieces, macro.parameters, given)]


def _fits(name: bytes, pieces: list[bytes], parameters: Iterable[bytes],
          given: set[bytes]) -> bool:
    """Whether the pieces can be put together to the name."""
    begun = {b""}
    for piece in pieces:
        words = given | {b""} if piece in parameters else {piece}
        begun = {one + word for one in begun for word in words if name.startswith(one + word)}
    return name in begun


def _given(symbols: Symbols, name: bytes) -> set[bytes]:
    """Every word in the arguments of uses of a macro."""
    use = re.compile(rb"\b" + name + rb"\s*(" + PAREN + rb")")
    found: set[bytes] = set()
    for parsed in symbols.files.values():
        if name in parsed.source:
            for arguments in use.findall(code_with_defines(parsed.source)):
                found.update(re.findall(rb"\w+", arguments))
    inside = re.compile(rb"\b" + name + rb"\b")
    if any(inside.search(one.body) for macros in symbols.macros.values() for one in macros):
        for parsed in symbols.files.values():
            found.update(WORD.findall(parsed.source))
    return found
