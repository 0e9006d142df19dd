# SPDX-License-Identifier: GPL-2.0-only
"""What is known of a tree for as long as a run lasts, so that nothing is read or asked twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from netmem_migrate.files import facts

P = ParamSpec("P")
T = TypeVar("T")


_FORGET: list[Callable[[], None]] = []


def held(ask: Callable[P, T]) -> Callable[P, T]:
    """A function that is asked the same only once a run; what it takes can be hashed."""
    known: dict[Any, tuple[T, facts.Facts]] = {}
    _FORGET.append(known.clear)

    @wraps(ask)
    def answer(*args: P.args, **kwargs: P.kwargs) -> T:
        found = known.get(args)
        if found is None:
            with facts.watching() as asked:
                found = known[args] = ask(*args, **kwargs), asked
        else:
            facts.given(found[1])
        return found[0]

    return answer


def until(forget: Callable[[], None]) -> Callable[[], None]:
    """A function that is called when a run begins, and what was known is no more."""
    _FORGET.append(forget)
    return forget


def forget() -> None:
    """Know nothing any more: a run begins, and the tree may have changed since the last."""
    for one in _FORGET:
        one()
