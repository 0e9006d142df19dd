# SPDX-License-Identifier: GPL-2.0-only
"""Text put together from the inside out, without a copy of all that is inside at each level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

_SHORT = 500  # characters that may be copied again


@dataclass(frozen=True, slots=True, eq=False)
class Long:
    """A text that is kept as its parts; `end` is its last character."""

    parts: tuple[Said, ...]
    end: str


Said: TypeAlias = str | Long
"""A text. What is no `str` is longer than any that another text is compared with."""


def joined(*parts: Said) -> Said:
    """One text behind the other."""
    try:
        text = "".join(parts)  # type: ignore[arg-type]
        if len(text) <= _SHORT:
            return text
    except TypeError:  # one of them is long
        pass
    return Long(parts, next((end(part) for part in reversed(parts) if part), ""))


def between(mark: str, parts: Sequence[Said]) -> Said:
    """Texts with a mark between them."""
    return joined(*[one for part in parts for one in (mark, part)][1:])


def end(said: Said) -> str:
    """The last character, "" of nothing."""
    return said[-1:] if isinstance(said, str) else said.end


def whole(said: Said) -> str:
    """The text in one piece."""
    if isinstance(said, str):
        return said
    found: list[str] = []
    left: list[Said] = [said]
    while left:
        one = left.pop()
        if isinstance(one, str):
            found.append(one)
        else:
            left.extend(reversed(one.parts))
    return "".join(found)
