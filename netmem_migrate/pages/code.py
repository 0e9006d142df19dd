# SPDX-License-Identifier: GPL-2.0-only
"""Kernel C as lines of HTML, highlighted by pygments."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from markupsafe import Markup, escape
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Number, String, _TokenType, is_token_subtype

from netmem_migrate.git.words import Span
from netmem_migrate.pages.base import visible

Piece = tuple[str, str]  # class ("" for none) and text
Line = tuple[Piece, ...]

_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment.Preproc, "p"), (Comment.PreprocFile, "p"), (Comment, "c"), (Keyword, "k"),
    (String, "s"), (Number, "m"),
)

# Columns above which a line may wrap, which must not be inside of an arrow.
_MAY_WRAP = 36


def lines_of(source: bytes) -> list[Line]:
    """The lines of a file; a newline at its end begins no line."""
    return _lines(visible(source.decode("utf-8", "replace")))


def lines_after(previous: Line, source: bytes) -> list[Line]:
    """The lines of a part of a file that follows the line `previous`."""
    text = visible(source.decode("utf-8", "replace"))
    return _lines("/*\n" + text)[1:] if _stays_open(previous) else _lines(text)


def _stays_open(line: Line) -> bool:
    """Does a comment go on in the next line?"""
    kind, text = line[-1] if line else ("", "")
    return kind == "c" and not text.startswith("//") and not text.rstrip().endswith("*/")


def _lines(text: str) -> list[Line]:
    lines: list[list[Piece]] = [[]]
    for kind, value in _tokens(text):
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append((kind, part))
    if not lines[-1]:
        lines.pop()
    return [tuple(_merged(line)) for line in lines]


def text_of(line: Line) -> str:
    """A line without its markup."""
    return "".join(text for _, text in line)


def html_of(line: Line, marks: Sequence[Span] = ()) -> Markup:
    """A line as HTML, the columns of `marks` in <mark>."""
    cuts = sorted({column for span in marks for column in span})
    parts: list[Markup] = []
    column = 0
    for kind, text in line:
        for piece in _cut(text, [cut - column for cut in cuts]):
            shown = escape(piece)
            if kind and not piece.isspace():
                shown = Markup("<i class={}>{}</i>").format(kind, shown)
            if any(start <= column < end for start, end in marks):
                shown = Markup("<mark>{}</mark>").format(shown)
            parts.append(shown)
            column += len(piece)
    made = "".join(parts).replace("</mark><mark>", "")
    if len(text_of(line).expandtabs(8)) > _MAY_WRAP:
        made = made.replace("-&gt;", "<u class=n>-&gt;</u>")
    return Markup(made)


def _tokens(text: str) -> Iterator[Piece]:
    for _, token, value in get_lexer_by_name("c").get_tokens_unprocessed(text):
        yield _class_of(token), value


@functools.cache
def _class_of(token: _TokenType) -> str:
    return next((name for kind, name in _CLASSES if is_token_subtype(token, kind)), "")


def _merged(line: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours of one class as one piece; blanks belong to whatever stands before them."""
    kept: Piece | None = None
    for kind, text in line:
        if kept is not None and (kind == kept[0] or (text.isspace() and kept[0])):
            kept = (kept[0], kept[1] + text)
        else:
            if kept is not None:
                yield kept
            kept = (kind, text)
    if kept is not None:
        yield kept


def _cut(text: str, cuts: Iterable[int]) -> list[str]:
    places = [0, *(cut for cut in cuts if 0 < cut < len(text)), len(text)]
    return [text[start:end] for start, end in pairwise(places)]
