# SPDX-License-Identifier: GPL-2.0-only
"""Colour for a unified diff: git's colours, and the words that differ inside changed lines."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import groupby

from netmem_migrate.git.hunks import Hunk, read
from netmem_migrate.git.words import Span, differing

BOLD = "\033[1m"
RED = "\033[31m"
GREEN = "\033[32m"
YELLOW = "\033[33m"
CYAN = "\033[36m"
PROMPT = "\033[1;34m"
ERROR = "\033[1;31m"
_REVERSE = "\033[7m"
_PLAIN = "\033[27m"
_RESET = "\033[m"


def paint(text: str, style: str) -> str:
    """One line in a colour; the line end stays outside."""
    body = text.rstrip("\r\n")
    return f"{style}{body}{_RESET}{text[len(body):]}" if body else text


def painted(diff: str) -> str:
    """A unified diff with colours."""
    return "".join(
        "".join(paint(line, BOLD) for line in io.StringIO(file.head))
        + "".join(painted_hunk(hunk) for hunk in file.hunks)
        for file in read(diff))


def painted_hunk(hunk: Hunk) -> str:
    """One hunk with colours."""
    ranges = hunk.header.removesuffix("\n").removesuffix(hunk.heading).rstrip()
    parts = [paint(ranges, CYAN), hunk.header[len(ranges):]]
    for changed, run in groupby(hunk.lines, lambda line: line[0] in "-+\\"):
        lines = list(run)
        parts += _block(lines) if changed else lines
    return "".join(parts)


def _block(lines: list[str]) -> Iterator[str]:
    """A run of removed and added lines, with the words that differ in reverse video."""
    sides = [[index for index, line in enumerate(lines) if line[0] == sign] for sign in "-+"]
    marks = differing(*([lines[index][1:].removesuffix("\n") for index in side]
                        for side in sides))
    spans = {index: one for side, found in zip(sides, marks, strict=True)
             for index, one in zip(side, found, strict=True)}
    for index, line in enumerate(lines):
        if line[0] == "\\":
            yield line
        else:
            yield paint(_marked(line, spans[index]), RED if line[0] == "-" else GREEN)


def _marked(line: str, spans: Sequence[Span]) -> str:
    """A line of a hunk; the spans count behind its sign."""
    parts = [line[:1]]
    at = 1
    for start, end in spans:
        parts += [line[at:start + 1], _REVERSE, line[start + 1:end + 1], _PLAIN]
        at = end + 1
    return "".join([*parts, line[at:]])
