# SPDX-License-Identifier: GPL-2.0-only
"""The rows of the model as the comparison needs them: one text for what they spell in two ways."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from netmem_migrate.c.pattern import REST, Pattern, pattern
from netmem_migrate.c.words import TEXT_TOKEN, TEXT_WORD
from netmem_migrate.check.compare.said import Said, joined
from netmem_migrate.model.forms import Table
from netmem_migrate.model.twins import Twin, twins

_HELD = "\uffff"  # code is read as latin-1, and never has it

Row: TypeAlias = tuple[Pattern, Pattern, tuple[bytes, ...]]
"""A form, what it is spelled as, and the words without which it is not there."""


@dataclass(frozen=True, slots=True)
class Spellings:
    """The table as the comparison needs it.

    `pages` (by the page function) and `netmems` (by the netmem function and how many arguments it
    is given, None: any number) hold the canonical name of a call and what is added to it. `words`
    is the canonical name of each netmem function. `forms` are, by the kind of their node, other
    forms of one thing, what all of them are spelled as, and the words without which none is there.
    """

    pages: Mapping[str, tuple[str, str]]
    netmems: Mapping[tuple[str, int | None], tuple[str, str]]
    words: Mapping[str, str]
    forms: Mapping[str, list[Row]]


@lru_cache(maxsize=4)
def spellings(held: Table) -> Spellings:
    every = twins(held)
    primary = {(twin.netmem, twin.parameters): twin for twin in every if not twin.extra}

    def canonical(twin: Twin) -> tuple[str, str]:
        for form in twin.forms:
            target = primary.get((form.netmem, form.parameters))
            if form.extra and target is not None and target.page != twin.page:
                name, extra = canonical(target)
                return name, ", ".join(filter(None, (said(form.extra), extra)))
        if twin.extra:  # and no page function takes it too
            return twin.netmem, said(twin.extra)
        return primary.get((twin.netmem, twin.parameters), twin).netmem, ""

    netmems: dict[tuple[str, int | None], tuple[str, str]] = {}
    found: dict[str, set[str]] = {}
    for twin in every:
        for form in twin.forms:
            if not form.extra:
                name = netmems.setdefault((form.netmem, form.parameters), canonical(twin))
                found.setdefault(form.netmem, set()).add(name[0])
    # A name that is two functions in two releases is left as it is.
    words = {name: min(several) if len(several) == 1 else name
             for name, several in found.items()}
    forms: dict[str, list[Row]] = {}
    for one, spelling in _forms(held):
        if one.node is not None:
            # The longest first: what has not that, as most code, has hardly been looked at.
            fixed = tuple(sorted((word.encode() for word in TEXT_WORD.findall(one.text)
                                  if word not in one.operands), key=len, reverse=True))
            forms.setdefault(one.node.type, []).append((one, spelling, fixed))
    return Spellings({twin.page: canonical(twin) for twin in every}, netmems, words, forms)


def _forms(held: Table) -> Iterator[tuple[Pattern, Pattern]]:
    """Forms that are no call of the memory by another name, and what they are spelled as.

    A comparison is spelled as netmem asks for it, since its sides may stand either way round;
    anything else as the page form.
    """
    for row in held.others:
        page, netmem = row.spellings[0], row.becomes
        if page.node is None or not netmem.functions:
            continue
        if page.node.type == "binary_expression":
            yield from ((one, netmem) for one in row.spellings)
            continue
        yield netmem, page
        for one in row.spellings[1:]:
            yield one, page
            for name in one.functions:
                if name in held.by_page:
                    partner = held.by_page[name].becomes.name
                    yield pattern(re.sub(rf"\b{name}\b", partner, one.text)), page


def said(text: str) -> str:
    """Text as its tokens, spelled one way."""
    return " ".join(TEXT_TOKEN.findall(text))


def filled(spelling: Pattern, operands: Mapping[str, Said], rest: Said) -> Said:
    """A pattern as calls are spelled: no space after a comma."""
    held: list[Said] = []

    def mark(one: Said) -> str:
        """A short text; what stands for a long one, to be put in its place at last."""
        if isinstance(one, str):
            return one
        held.append(one)
        return f"{_HELD}{len(held) - 1}{_HELD}"

    said = _filled(spelling, {name: mark(one) for name, one in operands.items()}, mark(rest))
    if not held:
        return said
    return joined(*(held[int(part)] if number % 2 else part
                    for number, part in enumerate(said.split(_HELD))))


def _filled(spelling: Pattern, operands: Mapping[str, str], rest: str) -> str:
    if not spelling.name:
        return spelling.fill(operands)
    args = [rest if one == REST else pattern(one).fill(operands) for one in spelling.args]
    return f"{spelling.name}({','.join(one for one in args if one)})"
