# SPDX-License-Identifier: GPL-2.0-only
"""What is known at one point of one path: which places hold which memory, and how that stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from netmem_migrate.check.paths.values import member

_ROOT = re.compile(r"(?<![.>\w])[A-Za-z_]\w*")
_FIELD = re.compile(r"(?:->|\.)([A-Za-z_]\w*)")
_TEXTS = 1 << 14  # as in values: what is asked again stands close together


class Known(StrEnum):
    """Whether memory is there."""

    __hash__ = str.__hash__  # that of an enumeration is not in C

    UNKNOWN = "unknown"  # not from an allocation of this function
    MAYBE = "maybe"  # allocated, not tested
    YES = "yes"
    NULL = "null"


class Owner(StrEnum):
    """Who has to give memory back."""

    __hash__ = str.__hash__

    HERE = "here"  # this function
    ELSEWHERE = "elsewhere"  # stored, returned, shared, or given to code that is not followed
    RELEASED = "released"
    HANDED = "handed-over"


class Memory(NamedTuple):
    """One allocation, parameter or place. `origin` is the function that allocated it, or "".

    `more` are references that were taken of it and not given back, MANY where nobody counts them.
    """

    known: Known
    owner: Owner
    origin: str = ""
    more: int = 0


MANY = 4
"""As many references as are told apart, so that a loop that takes some comes to an end."""


NOTHING = "null"
"""The memory of a place that was set to NULL."""

Frozen = tuple[frozenset[tuple[str, tuple[str, bool]]], frozenset[tuple[str, Memory]],
               frozenset[tuple[str, bool]]]


@lru_cache(maxsize=_TEXTS)
def roots(text: str) -> frozenset[str]:
    """The variables that an expression reads, members not included."""
    return frozenset(_ROOT.findall(text))


@dataclass(slots=True)
class State:
    """Places and the memory they hold (and whether they hold an address made from it), what is
    known of that memory, and the truth of conditions that come again."""

    places: dict[str, tuple[str, bool]] = field(default_factory=dict)
    memory: dict[str, Memory] = field(default_factory=dict)
    facts: dict[str, bool] = field(default_factory=dict)

    def freeze(self) -> Frozen:
        """A value that compares equal for equal states."""
        return (frozenset(self.places.items()), frozenset(self.memory.items()),
                frozenset(self.facts.items()))

    def copy(self) -> State:
        """A state that changes on its own."""
        return State(dict(self.places), dict(self.memory), dict(self.facts))

    def holders(self, memory: str) -> int:
        """How many places hold some memory itself."""
        return sum(1 for found, _ in self.places.values() if found == memory)

    def change(self, memory: str, *, known: Known | None = None,
               owner: Owner | None = None) -> None:
        """Note what became of some memory."""
        old = self.memory.get(memory)
        if old is not None:
            self.memory[memory] = old._replace(known=known or old.known, owner=owner or old.owner)

    def take(self, memory: str, references: int) -> None:
        """More references of some memory are taken."""
        old = self.memory[memory]
        self.memory[memory] = old._replace(more=min(old.more + references, MANY))

    def give(self, memory: str) -> bool:
        """Give back a reference that was taken; False where there is none but the first."""
        old = self.memory[memory]
        if 0 < old.more < MANY:
            self.memory[memory] = old._replace(more=old.more - 1)
        return old.more > 0

    def forget(self, name: str) -> None:
        """`name` was written: what was known of it, and of what is reached by it, is not any more.

        Places are texts, and two texts may be the same memory. Writing a variable ends whatever is
        spelled with it. Writing a member ends that member of every record, because any two
        pointers may be equal: a finding may be lost by that, but none is made up.
        """
        last = member(name)
        places, facts = self.places, self.facts
        if not last and "[" not in name and "*" not in name:
            for one in [one for one in places if name in roots(one)]:
                del places[one]
            for one in [one for one in facts if name in roots(one)]:
                del facts[one]
            return
        for one in [one for one in places if one == name or one.startswith((name + "-", name + ".",
                    name + "[")) or (last and member(one) == last)
                    or (not last and one.split("[")[0].lstrip("*") in roots(name))]:
            del places[one]
        for one in [one for one in facts if last in _FIELD.findall(one) or name in one]:
            del facts[one]

    def forget_members(self) -> None:
        """Code that is not followed ran: any member may have been written.

        Facts stay: a condition on a member that is tested before and after a call of a helper is
        nearly always the same one, and taking both ways anew makes leaks up.
        """
        for one in [one for one in self.places if not one.isidentifier()]:
            del self.places[one]

    def tidy(self, keep: frozenset[str]) -> None:
        """Drop memory that no place holds and that no rule asks for (`keep`) at the end.

        Without it, states that differ only in what nobody can reach any more stay apart, and a
        function with a loop runs into the limit of states.
        """
        held = {found for found, _ in self.places.values()}
        for one in [one for one in self.memory if one not in held and one not in keep]:
            del self.memory[one]
