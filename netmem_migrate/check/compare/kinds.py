# SPDX-License-Identifier: GPL-2.0-only
"""What a difference is called: by what was there, and what is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from netmem_migrate.check.compare.declared import Statement
from netmem_migrate.check.compare.events import changes_pages, one_sided
from netmem_migrate.model.forms import Table, table
from netmem_migrate.model.functions import FUNCTIONS
from netmem_migrate.model.schema import Effect
from netmem_migrate.model.twins import twins

LEGAL = ("changed-behaviour", "changes-pages", "release-added", "release-removed")
"""What is legal where the same happens to memory, in the same orders."""

# As canonical spelling has it.
_CALL = re.compile(r"(\w+)\(")
_GIVES_BACK = (Effect.RELEASES, Effect.DROPS)


@cache
def _releases(held: Table) -> frozenset[str]:
    """Calls that give memory of a pool back, or one reference of it."""
    of_pool = {one.name for one in FUNCTIONS
               if one.effect in _GIVES_BACK and one.header.startswith("net/page_pool/")}
    return frozenset(of_pool | {name for twin in twins(held) if twin.effect in _GIVES_BACK
                                for name in (twin.page, twin.netmem)})


@cache
def _hint(held: Table) -> re.Pattern[str]:
    return re.compile(r"(?:" + "|".join(sorted(held.hints)) + r")\([^()]*\)")


def shown(found: Sequence[Statement]) -> str:
    said = "; ".join(one.text for one in found if one.text not in "{}")
    return f"`{said[:160]}`" if said else "nothing"


def kind(gone: Iterable[Statement], came: Iterable[Statement]) -> str:
    old = [one.text for one in gone if one.text not in "{}"]
    new = [one.text for one in came if one.text not in "{}"]
    if old and len(old) == len(new) and all(
            one == other or changes_pages(one, other)
            for one, other in zip(old, new, strict=True)):
        return "changes-pages"
    if (old and not new and one_sided(old)) or (new and not old and one_sided(new)):
        return "changes-pages"
    if old and not new and all(_hint(table()).fullmatch(one) for one in old):
        return "hint-with-conversion"
    calls = [Counter(_CALL.findall(" ".join(texts))) for texts in (old, new)]
    less, more = (sum(number for name, number in one.items() if name in _releases(table()))
                  for one in calls)
    if less > more:
        return "release-removed" if not more else "wrong-partner"
    if more > less:
        return "release-added"
    if len(old) == len(new) == 1:
        heads = [one.split(" ")[0] for one in (old[0], new[0])]
        if heads[0] == heads[1] and heads[0] in ("if", "while", "for", "switch"):
            return "test-changed"
        if set(calls[0]) != set(calls[1]):
            return "wrong-partner"
    return "changed-behaviour"
