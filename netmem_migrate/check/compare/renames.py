# SPDX-License-Identifier: GPL-2.0-only
"""The names that a change gave others, and those that are no new names of them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from functools import cache

from tree_sitter import Node

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.symbols import Symbols
from netmem_migrate.c.words import WORD
from netmem_migrate.check.compare.words import name_of_page
from netmem_migrate.convert.naming import new_name
from netmem_migrate.model.forms import KNOWN, Table, table
from netmem_migrate.model.spelled import REF

_MEMBER = re.compile(rb"(?:->|\.)\s*(\w+)")
_NAMES = re.compile(rb"^(?:\w+_)?netmems?$")


@cache
def _api(held: Table) -> frozenset[bytes]:
    """Names that rows replace or write: no names that a change gave."""
    every = [form for row in (*held.rows, *KNOWN) for form in row.forms]
    return frozenset(name.encode() for form in every for name in (form.call, *form.needs))


class Together:
    """Which names are those of members of one record."""

    def __init__(self, symbols: Symbols) -> None:
        self._known: dict[tuple[bytes, bytes], bool] = {}
        self._records: dict[bytes, set[int]] = defaultdict(set)
        records = (one for several in symbols.records.values() for one in several)
        for number, record in enumerate(records):
            for name in record.members:
                self._records[name].add(number)

    def has(self, one: bytes, other: bytes) -> bool:
        """Whether a record has both."""
        if (one, other) not in self._known:
            self._known[one, other] = not self._records.get(one, set()).isdisjoint(
                self._records.get(other, ()))
        return self._known[one, other]


def given_names(before: bytes, after: bytes, together: Together | None = None) -> dict[str, str]:
    """What a conversion calls names that say page or address, of those that there are fewer of.

    `together` is about the records after the change.
    """
    old, new = (Counter(WORD.findall(code_of(text))) for text in (before, after))
    found: dict[str, str] = {}
    more = new - old
    for word in old - new:
        name = new_name(word.decode("latin-1"))
        if name is None or not more[name.encode("latin-1")]:
            continue
        # A member that is still there, beside the other, goes by its own name.
        if together is None or not together.has(word, name.encode("latin-1")) or \
                word in WORD.findall(_MEMBER.sub(b" ", code_of(before))):
            found[word.decode("latin-1")] = name
    return found


def renamed(before: bytes, after: bytes, given: Mapping[str, str]) -> dict[str, str]:
    """New names that stand where old ones stood: paired by the order in which they come."""
    api = _api(table())
    known = {name.encode("latin-1") for pair in given.items() for name in pair}
    old = dict.fromkeys(WORD.findall(code_of(before)))
    new = dict.fromkeys(WORD.findall(code_of(after)))
    gone = [one for one in old if one not in new and one not in api and one not in known]
    came = [one for one in new if one not in old and one not in api and one not in known
            and not _NAMES.match(one) and b"netmem" in one and one != REF.encode()]
    return {b.decode("latin-1"): a.decode("latin-1")
            for a, b in zip(gone, came, strict=False)} if len(gone) == len(came) else {}


def both(names: Collection[str]) -> dict[str, str]:
    """Of some names those that say netmem, where the page's is there as well: each as itself."""
    return {name: name for name in names if name_of_page(name) in names and name_of_page(name)}


def is_arm(declaration: Node) -> bool:
    """Whether a member is one of a union."""
    above = declaration.parent
    return above is not None and above.parent is not None and above.parent.type == "union_specifier"
