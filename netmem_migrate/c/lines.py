# SPDX-License-Identifier: GPL-2.0-only
"""Lines of a text by offset, without counting from its start for each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

_BLOCK = 4096


def line_of(text: bytes, offset: int) -> int:
    """The 1-based line of a byte offset."""
    block = min(offset, len(text)) // _BLOCK
    return _before(text)[block] + text.count(b"\n", block * _BLOCK, offset) + 1


# A text keeps its hash, and is compared with itself: what is looked up again costs nothing.
@lru_cache(maxsize=16)
def _before(text: bytes) -> list[int]:
    """How many lines end before each block."""
    return [*accumulate((text.count(b"\n", start, start + _BLOCK)
                         for start in range(0, len(text), _BLOCK)), initial=0)]


class Spans:
    """Stretches of a text that do not overlap, in order, each with a name."""

    def __init__(self, spans: Sequence[tuple[int, int, str]]) -> None:
        """Take start, end, and name of each."""
        self._spans = spans
        self._starts = [start for start, _, _ in spans]

    def around(self, offset: int) -> str:
        """The name of that which an offset is in; "" for none."""
        at = bisect_right(self._starts, offset) - 1
        if at < 0 or offset >= self._spans[at][1]:
            return ""
        return self._spans[at][2]
