# SPDX-License-Identifier: GPL-2.0-only
"""Colour for a unified diff: git's colours, and the words that differ inside changed lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

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
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
# Below this share of equal text, marking words would mark nearly all of the line.
_ALIKE = 0.4
_HUNK = re.compile(r"(@@ [^@]* @@)(.*)", re.DOTALL)


def paint(text: str, style: str) -> str:
    """One line in a colour; the line end stays outside."""
    body = text.rstrip("\r\n")
    return f"{style}{body}{_RESET}{text[len(body):]}" if body else text


def painted(diff: str, *, inside: bool = False) -> str:
    """A unified diff with colours; `inside` for one that begins with a hunk."""
    return "".join(_lines(diff.split("\n"), inside))


def _lines(split: list[str], inside: bool) -> Iterator[str]:
    lines = [line + "\n" for line in split[:-1]] + ([split[-1]] if split[-1] else [])
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.startswith("diff "):
            inside = False
        if line.startswith("@@"):
            inside = True
            match = _HUNK.match(line)
            yield paint(match[1], CYAN) + match[2] if match else paint(line, CYAN)
        elif not inside:
            yield paint(line, BOLD)
        elif line[0] in "-+":
            end = index
            while end < len(lines) and lines[end][0] in "-+\\":
                end += 1
            yield from _block(lines[index:end])
            index = end
            continue
        else:
            yield line
        index += 1


def _block(lines: list[str]) -> Iterator[str]:
    """A run of removed and added lines; lines are paired where both sides have as many."""
    old = [index for index, line in enumerate(lines) if line[0] == "-"]
    new = [index for index, line in enumerate(lines) if line[0] == "+"]
    marked: dict[int, str] = {}
    if len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            pair = _marked([lines[one]], [lines[other]])
            if pair is not None:
                marked[one], marked[other] = pair[0][0], pair[1][0]
    elif old and new:
        pair = _marked([lines[one] for one in old], [lines[one] for one in new])
        if pair is not None:
            marked.update(zip([*old, *new], [*pair[0], *pair[1]], strict=True))
    for index, line in enumerate(lines):
        colour = RED if line[0] == "-" else GREEN
        yield paint(marked.get(index, line), colour) if line[0] in "-+" else line


def _marked(old: list[str], new: list[str]) -> tuple[list[str], list[str]] | None:
    """Both sides with the words that differ in reverse video; None where little is alike."""
    one = _WORDS.findall("".join(line[1:] for line in old))
    other = _WORDS.findall("".join(line[1:] for line in new))
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return None
    parts: tuple[list[str], list[str]] = ([], [])
    codes = matcher.get_opcodes()
    for number, (tag, i1, i2, j1, j2) in enumerate(codes):
        # A blank between two changed words belongs to them.
        same = tag == "equal" and not (
            0 < number < len(codes) - 1 and "".join(one[i1:i2]).strip(" \t") == "")
        for side, words in zip(parts, (one[i1:i2], other[j1:j2]), strict=True):
            side.append("".join(words) if same else _reverse("".join(words)))
    texts = ["".join(part).replace(_PLAIN + _REVERSE, "") for part in parts]
    return _signed("-", texts[0]), _signed("+", texts[1])


def _reverse(text: str) -> str:
    """Reverse video over what is not blank at line ends, so that no colour spans two lines."""
    return re.sub(r"[^\r\n]+", lambda match: _REVERSE + match[0] + _PLAIN, text)


def _signed(sign: str, text: str) -> list[str]:
    lines = text.split("\n")
    return [f"{sign}{line}\n" for line in lines[:-1]] + ([sign + lines[-1]] if lines[-1] else [])
