# SPDX-License-Identifier: GPL-2.0-only
"""What may be wrong on a path through a function, as values that rules turn into findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tree_sitter import Node


class EventKind(StrEnum):
    """What happened to memory whose whole way is in sight."""

    LOST = "lost"  # ours, and nothing holds it any more
    RELEASED_AGAIN = "released-again"
    USED_AFTER_RELEASE = "used-after-release"
    RELEASED_AFTER_HANDOVER = "released-after-handover"
    HANDED_OVER_AGAIN = "handed-over-again"
    USED_UNTESTED = "used-untested"  # it may be NULL
    TOO_MANY_PATHS = "too-many-paths"  # of the function; nothing else is said of it


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trail:
    """The way to a point of a path: the last node on it that counts, and the way to that.

    `truth` is that of a test, None of a call of the API.
    """

    node: Node
    truth: bool | None
    before: Trail | None

    def __iter__(self) -> Iterator[Trail]:
        """What was passed, in order."""
        passed: list[Trail] = []
        one: Trail | None = self
        while one is not None:
            passed.append(one)
            one = one.before
        return reversed(passed)


@dataclass(frozen=True, slots=True)
class Event:
    """One event at a node: the `name` of the memory there, and the function `by` which it came
    about (the one that allocated, or the one called), "" where there is none. `trail` leads there.
    """

    kind: EventKind
    node: Node
    name: str = ""
    by: str = ""
    trail: Trail | None = field(default=None, compare=False)
