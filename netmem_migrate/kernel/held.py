# SPDX-License-Identifier: GPL-2.0-only
"""What is known of a tree for as long as a run lasts, so that nothing is read or asked twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


_FORGET: list[Callable[[], None]] = []


def held(ask: Callable[P, T]) -> Callable[P, T]:
    """A function that is asked the same only once a run; what it takes can be hashed."""
    known = lru_cache(maxsize=1 << 12)(ask)
    _FORGET.append(known.cache_clear)
    return cast("Callable[P, T]", known)


def until(forget: Callable[[], None]) -> Callable[[], None]:
    """A function that is called when a run begins, and what was known is no more."""
    _FORGET.append(forget)
    return forget


def forget() -> None:
    """Know nothing any more: a run begins, and the tree may have changed since the last."""
    for one in _FORGET:
        one()
