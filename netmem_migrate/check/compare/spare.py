# SPDX-License-Identifier: GPL-2.0-only
"""What differs between two versions of a function and does nothing: spare locals, other parameters.

Statements are in canonical spelling. A local that the other version does not have, and of which the
value is only computed, shows in what it is used for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from netmem_migrate.c.words import TEXT_WORD
from netmem_migrate.check.compare.declared import Statement
from netmem_migrate.check.compare.events import arguments
from netmem_migrate.check.compare.plain import HEADS, is_pure

_CALL = re.compile(r"\b(\w+)\(")
_SET = re.compile(r"(?:[\w«» ]+ (?:\* )*)?(\w+) = (.*)", re.DOTALL)
_DECLARED = re.compile(r"(?:[\w«»]+ )+(?:\* )*(\w+)(?: \[[^()=]*\])*")

Parameters = Mapping[str, tuple[Sequence[str], Sequence[str]]]
"""By function of which they differ: the names of its parameters before and after."""


def without_spare(statements: Sequence[Statement], mine: Collection[str],
                  others: Sequence[Statement], own: Collection[str]) -> list[Statement]:
    """The statements without what only declares one of the locals `mine`, or gives it a value, that
    is no word of the `others`; `own` are the driver's functions."""
    names = words(others)
    return [one for one in statements if not _is_spare(one.text, mine, names, own)]


def _is_spare(text: str, mine: Collection[str], others: Collection[str],
              own: Collection[str]) -> bool:
    if HEADS.match(text):
        return False
    declared = _DECLARED.fullmatch(text)
    if declared is not None:
        return declared[1] in mine and declared[1] not in others
    given = _SET.fullmatch(text)
    return given is not None and given[1] in mine and given[1] not in others and \
        is_pure(given[2], own)


def words(statements: Sequence[Statement]) -> set[str]:
    """The words of some statements."""
    return {word for one in statements for word in TEXT_WORD.findall(one.text)}


def with_common(statements: Sequence[Statement], parameters: Parameters,
                side: int) -> list[Statement]:
    """The statements with calls of some functions that are given what both versions take, in one
    order; `side` is 0 before and 1 after."""
    if not parameters:
        return list(statements)
    return [Statement(_common(one.text, parameters, side), one.line) for one in statements]


def _common(text: str, parameters: Parameters, side: int) -> str:
    for match in reversed(list(_CALL.finditer(text))):
        known = parameters.get(match[1])
        if known is None:
            continue
        given = arguments(text, match.end())
        if len(given) != len(known[side]):
            continue
        by_name = {name: text[start:end] for name, (start, end) in zip(
            known[side], given, strict=True)}
        kept = [by_name[name] for name in known[0] if name in known[1]]
        text = text[:match.end()] + ",".join(kept) + text[given[-1][1]:]
    return text
