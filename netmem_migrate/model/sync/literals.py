# SPDX-License-Identifier: GPL-2.0-only
"""Entries of the model as Python source: what `api sync` writes into functions.py and names.py."""

from __future__ import annotations

import dataclasses
import re
from enum import StrEnum

from netmem_migrate.model.schema import ApiFunction, Name

_WIDTH = 100
_INDENT = " " * 8
_ALONE = ("earlier", "doc", "note")


def quoted(text: str) -> str:
    """A Python string literal in double quotes."""
    for old, new in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(old, new)
    return f'"{text}"'


def string(text: str, column: int, indent: str = _INDENT, room: int = 1) -> str:
    """A string literal that begins at `column`; further lines begin with `indent`.

    `room` is what has to fit behind the last line's quote.
    """
    pieces: list[str] = []
    start, done = column, 0
    while len(text) - done > _WIDTH or len(quoted(text[done:])) + start + room > _WIDTH:
        fits = _WIDTH - start - 2
        line = text[done:done + _WIDTH]  # nothing is narrower in quotes
        ends = [end for end in (match.end() for match in re.finditer(r"\s+", line))
                if len(quoted(line[:end])) - 2 <= fits
                and (end < len(line) or done + end == len(text))]
        commas = [one for one in ends if line[one - 2] == "," and one > fits // 2]
        cut = max(commas or ends, default=0)
        if not cut:
            break
        pieces.append(quoted(line[:cut]))
        done, start = done + cut, len(indent)
    pieces.append(quoted(text[done:]))
    return f"\n{indent}".join(pieces)


def value(one: object, column: int = len(_INDENT), indent: str = _INDENT) -> str:
    """The literal of one field of an entry."""
    if isinstance(one, StrEnum):
        return f"{type(one).__name__}.{one.name}"
    if isinstance(one, str):
        return string(one, column, indent)
    if isinstance(one, tuple):
        deeper = indent + " " * 4
        pairs = [_pair(level, text, deeper) for level, text in one]
        short = f"({' '.join(pairs)})"
        if len(pairs) == 1 and "\n" not in short and column + len(short) < _WIDTH:
            return short
        return "(\n" + "".join(f"{deeper}{pair}\n" for pair in pairs) + indent + ")"
    return repr(one)


def _pair(level: str, text: str, indent: str) -> str:
    """A pair of strings; a second one on several lines stands in brackets of its own."""
    head = f"({quoted(level)}, "
    column = len(indent) + len(head)
    if column + len(quoted(text)) + 2 <= _WIDTH:
        return f"{head}{quoted(text)}),"
    return f"{head}({string(text, column + 1, indent + ' ' * (len(head) + 1), 3)})),"


def entry(one: ApiFunction | Name) -> str:
    """A whole entry as an element of its tuple: indented by four, with comma and line end."""
    words: list[str] = []
    lines: list[str] = []
    for field in dataclasses.fields(one):
        now = getattr(one, field.name)
        required = field.default is dataclasses.MISSING
        keep = field.name in ("effect",)  # worth saying even where it is the default
        if not required and now == field.default and not keep:
            continue
        label = "" if required else f"{field.name}="
        text = label + value(now, len(_INDENT) + len(label))
        alone = field.name in _ALONE or (required and field.name in ("name", "prototype",
                                                                     "declaration"))
        if alone:
            if words:
                lines += _filled(words)
                words = []
            lines.append(f"{_INDENT}{text},")
        else:
            words.append(text + ",")
    if words:
        lines += _filled(words)
    return f"    {type(one).__name__}(\n" + "\n".join(lines) + "\n    ),\n"


def _filled(words: list[str]) -> list[str]:
    lines = [_INDENT]
    for word in words:
        if lines[-1] != _INDENT and len(lines[-1]) + 1 + len(word) > _WIDTH:
            lines.append(_INDENT)
        lines[-1] += word if lines[-1] == _INDENT else " " + word
    return lines
