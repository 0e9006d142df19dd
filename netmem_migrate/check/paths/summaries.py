# SPDX-License-Identifier: GPL-2.0-only
"""What a call of a driver's own function does to the memory it is given, and what it gives back.

Read from its body, on demand; a function that calls itself, or that cannot be followed, is one
that does anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from netmem_migrate.check.paths.state import Owner


class Does(StrEnum):
    """What becomes of an argument, on every path."""

    ANYTHING = "anything"
    BORROWS = "borrows"
    RELEASES = "releases"
    HANDS_OVER = "hands-over"


@dataclass(frozen=True, slots=True)
class Summary:
    """`arguments`, by position; `fresh`: the result is owned by the caller (or NULL)."""

    arguments: tuple[Does, ...] = ()
    fresh: bool = False

    def argument(self, number: int) -> Does:
        """What becomes of one argument; of one too many, anything."""
        return self.arguments[number] if number < len(self.arguments) else Does.ANYTHING


ANYTHING = Summary()

def agreed(found: Sequence[Summary]) -> Summary:
    """What is so by each of some summaries of one function."""
    arguments = [one if all(one == other for other in every) else Does.ANYTHING
                 for one, *every in zip(*(each.arguments for each in found), strict=False)]
    return Summary(tuple(arguments), all(one.fresh for one in found))


_ON_EVERY_PATH = {Owner.HERE: Does.BORROWS, Owner.RELEASED: Does.RELEASES,
                  Owner.HANDED: Does.HANDS_OVER}


def does(owners: set[Owner]) -> Does:
    """What a function does to an argument that is in these hands where it returns."""
    return _ON_EVERY_PATH.get(next(iter(owners)), Does.ANYTHING) if len(owners) == 1 \
        else Does.ANYTHING
