# SPDX-License-Identifier: GPL-2.0-only
"""Where two lists of statements differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

Difference = tuple[int, int, int, int]
"""From and to in the one list, from and to in the other."""

# The time that difflib takes grows with the square. No function of a kernel has so many statements.
_MANY = 4000


def differences(before: Sequence[str], after: Sequence[str]) -> Iterator[Difference]:
    """Each stretch in which they differ, in order.

    Long lists are taken apart first, where a statement that each of them has once stands in both;
    what is still long between two such is one stretch.
    """
    if len(before) + len(after) <= _MANY:
        yield from _stretches(before, after, 0, 0)
        return
    i = k = 0
    for one, other in (*_common(before, after), (len(before), len(after))):
        gone, came = before[i:one], after[k:other]
        if gone == came:
            pass
        elif len(gone) + len(came) <= _MANY:
            yield from _stretches(gone, came, i, k)
        else:
            yield i, one, k, other
        i, k = one, other


def _stretches(before: Sequence[str], after: Sequence[str], i: int, k: int) -> Iterator[Difference]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag != "equal":
            yield i + start, i + end, k + first, k + last


def _common(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where both go on alike: behind the same beginning, at statements that are the only ones of
    their kind in both, and at the same end; each farther on in both than the one before."""
    short = min(len(before), len(after))
    head = next((at for at in range(short) if before[at] != after[at]), short)
    tail = next((at for at in range(short - head) if before[-1 - at] != after[-1 - at]),
                short - head)
    ends = len(before) - tail, len(after) - tail
    yield head, head
    counts = Counter(before[head:ends[0]]), Counter(after[head:ends[1]])
    places = {text: at for at, text in enumerate(after[head:ends[1]], head)}
    last = head
    for at in range(head, ends[0]):
        text = before[at]
        if counts[0][text] == counts[1][text] == 1 and places[text] >= last:
            last = places[text]
            yield at, last
            last += 1
    yield ends
