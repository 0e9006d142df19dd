# SPDX-License-Identifier: GPL-2.0-only
"""Which words differ between removed lines and the lines that replace them: the one word diff."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

Span = tuple[int, int]  # columns of one line, in characters: [start, end)

_WORDS = re.compile(r"\w+|[^\S\n]+|\n|[^\w\s]")
# Below this share of equal text, marking words would mark nearly all of the line.
_ALIKE = 0.4
# Comparing words takes time with the square of their number.
_MOST = 3000


def differing(old: Sequence[str], new: Sequence[str]) -> tuple[list[list[Span]], list[list[Span]]]:
    """For each line of both sides the columns of the words that differ.

    As many lines on both sides are compared one by one, else all of them as one text. Where little
    is alike nothing is marked.
    """
    if len(old) == len(new):
        pairs = [_compare(one, other) for one, other in zip(old, new, strict=True)]
        return [pair[0][0] for pair in pairs], [pair[1][0] for pair in pairs]
    if not old or not new:
        return [[] for _ in old], [[] for _ in new]
    return _compare("\n".join(old), "\n".join(new))


def _compare(old: str, new: str) -> tuple[list[list[Span]], list[list[Span]]]:
    words = _WORDS.findall(old), _WORDS.findall(new)
    marked: tuple[list[bool], list[bool]] = ([], [])
    if max(map(len, words)) <= _MOST:
        matcher = SequenceMatcher(None, *words, autojunk=False)
        if matcher.ratio() >= _ALIKE:
            for tag, i1, i2, j1, j2 in matcher.get_opcodes():
                marked[0].extend([tag != "equal"] * (i2 - i1))
                marked[1].extend([tag != "equal"] * (j2 - j1))
    return _spans(words[0], marked[0]), _spans(words[1], marked[1])


def _spans(words: Sequence[str], marked: Sequence[bool]) -> list[list[Span]]:
    """Spans per line; those with nothing but blanks between them become one."""
    lines: list[list[Span]] = [[]]
    column, gap = 0, True
    for index, word in enumerate(words):
        if word == "\n":
            lines.append([])
            column, gap = 0, True
            continue
        if marked and marked[index] and not word.isspace():
            spans = lines[-1]
            if spans and not gap:
                spans[-1] = (spans[-1][0], column + len(word))
            else:
                spans.append((column, column + len(word)))
            gap = False
        elif not word.isspace():
            gap = True
        column += len(word)
    return lines
