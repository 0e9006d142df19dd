# SPDX-License-Identifier: GPL-2.0-only
"""Where a text does not mean what it looks like: what the compiler joins, splits or never closes.

The parser and the searches here read a source as it is written. A compiler first joins lines (C11
5.1.1.2), within names and comments too, and knows other spellings of brackets. A file in which that
makes a difference is not read at all: what was not read is not known. Trigraphs make none, as
kernels are compiled as gnu11.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

from netmem_migrate.c.mask.text import code_with_defines

_NEXT = re.compile(rb'"|\'|/\*|//|\\|\r(?!\n)')
_SPLICE = re.compile(rb"(?:\\[ \t\f\v]*\r?\n)+")
_END = re.compile(rb"\*(?:\\[ \t\f\v]*\r?\n)+/")
_LITERAL = {quote: re.compile(rb"%b(?:[^%b\\\n]++|\\.)*+%b" % (quote, quote, quote), re.DOTALL)
            for quote in (b'"', b"'")}
# A blank hides from a search that the line goes on; two backslashes, what the second one does.
_IN_LITERAL = re.compile(rb"\\(?:\\|[ \t\f\v]+)\r?\n")
_BLANKS = re.compile(rb"\\[ \t\f\v]+\r?\n")
_GOES_ON = re.compile(rb"\\[ \t\f\v]*\r?")
_WORD = re.compile(rb"[\w$\\\x80-\xff]")
# Two characters that are one token, or the first two of one.
_PAIRS = frozenset(
    (*(b"%c=" % one for one in b"+-*/%&^|<>=!"), *(b"%c%c" % (one, one) for one in b"+-<>&|#./"),
     b"->", b"/*", b"*/"))
# A plain search for what is in each of them is many times faster, and nearly always says no.
_UNUSUAL_PARTS = (b"<%", b"%>", b"<:", b":>", b"%:", b'R"', b"\xef\xbb\xbf")
_UNUSUAL = re.compile(rb"<%|%>|<:|:>|%:|(?<!\w)(?:u8|[uUL])?R\"|\xef\xbb\xbf")
_MARKED = re.compile(rb"\xef\xbb\xbf[ \t]*#(?![ \t]*include\b)")
# The parser takes what follows for the macro's text.
_EMPTY = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+\w+(?:\([^()\n]*\))?[ \t]*(?:\\\r?\n[ \t]*)+\r?\n",
                    re.MULTILINE)
_EMPTY_LINE = re.compile(rb"\\\r?\n[ \t]*\r?\n")  # without it there is no such macro
_HASH = re.compile(rb"^[ \t]*#[ \t]*/[*/]", re.MULTILINE)
_DIRECTIVE = re.compile(rb"^[ \t]*#(?:[^\n\\]++|\\\r?\n|\\.)*+", re.MULTILINE)
_IF = re.compile(rb"^[ \t]*#[ \t]*(if[ \t]+0\b|ifn?def|if|elif|else|endif)", re.MULTILINE)


def otherwise(source: bytes) -> tuple[int, str] | None:
    """The first place that is not as it looks, an offset, and what is there; None for none."""
    if _MARKED.match(source):
        return 0, "a byte order mark before a directive"
    found = _first(source)
    if found is None and _EMPTY_LINE.search(source) is not None and (
            empty := _EMPTY.search(source)) is not None:
        return empty.start(), "a macro of nothing that goes on to an empty line"
    if found is None and any(one in source for one in _UNUSUAL_PARTS):
        code = code_with_defines(source)
        match = _UNUSUAL.search(code, 3)
        if match is not None:
            what = ("a byte order mark inside of the file" if match[0] == b"\xef\xbb\xbf" else
                    "a raw string" if match[0].endswith(b'"') else
                    f"{match[0].decode()}, another spelling of a bracket or of #")
            return match.start(), what
    return found


def _first(source: bytes) -> tuple[int, str] | None:
    at = 0
    while (match := _NEXT.search(source, at)) is not None:
        start, kind = match.start(), match[0]
        if kind == b"/*":
            found, at = _comment(source, start)
        elif kind == b"//":
            found, at = _line_comment(source, start)
        elif kind == b"\\":
            found, at = _backslash(source, start)
        elif kind == b"\r":
            return start, "a carriage return inside of a line"
        else:
            found, at = _literal(source, start, kind)
        if found is not None:
            return found
    hash_ = _HASH.search(source) if b"#/" in source or b"# /" in source else None
    return (hash_.start(), "a comment behind the # of a directive") if hash_ is not None else None


_Found = tuple[tuple[int, str] | None, int]


def _comment(source: bytes, start: int) -> _Found:
    end = source.find(b"*/", start + 2)
    if source.find(b"\\", start, end if end >= 0 else len(source)) >= 0:
        joined = _END.search(source, start + 2, end + 2 if end >= 0 else len(source))
        if joined is not None:
            return (joined.start(), "an end of a comment on two lines"), 0
    return ((start, "a comment that is not closed") if end < 0 else None), end + 2


def _line_comment(source: bytes, start: int) -> _Found:
    end = source.find(b"\n", start)
    end = len(source) if end < 0 else end
    last = source.rfind(b"\\", start, end)
    if last >= 0 and _GOES_ON.fullmatch(source, last, end) and end < len(source):
        return (last, "a // comment that a backslash continues"), 0
    return None, end


def _literal(source: bytes, start: int, quote: bytes) -> _Found:
    whole = _LITERAL[quote].match(source, start)
    if whole is not None:
        odd = _IN_LITERAL.search(source, start, whole.end())
        return ((odd.start(), "a backslash before the end of a line that is another than it looks")
                if odd is not None else None), whole.end()
    end = source.find(b"\n", start)
    end = len(source) if end < 0 else end
    rest = source[start + 1:end]
    # A compiler takes all of the line, and minds only where it compiles it.
    if (b"/*" in rest or b"//" in rest or b'"' in rest or b"'" in rest
            or not _inside(_uncompiled(source), start)):
        return (start, "a quote that is not closed"), 0
    return None, end


def _backslash(source: bytes, start: int) -> _Found:
    lines = _SPLICE.match(source, start)
    if lines is None:
        last = start + 1 == len(source)
        return ((start, "a backslash at the end of the file") if last else None), start + 1
    blanks = _BLANKS.search(source, start, lines.end())
    if blanks is not None:
        return (blanks.start(), "blanks between a backslash and the end of the line"), 0
    before, after = source[max(start - 1, 0):start], source[lines.end():lines.end() + 1]
    line = source[source.rfind(b"\n", 0, start) + 1:start]
    if ((_WORD.match(before) and _WORD.match(after)) or before + after in _PAIRS
            or line.strip() == b"#"):
        return (start, "a word or sign on two lines"), 0
    return None, lines.end()


@lru_cache(maxsize=1)
def _uncompiled(source: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Starts and ends of directives, with the lines that continue them, and of `#if 0`."""
    ranges = [match.span() for match in _DIRECTIVE.finditer(source)]
    open_: list[int] = []
    for match in _IF.finditer(source):
        word = match[1]
        if word.startswith(b"if"):
            open_.append(match.end() if word.endswith(b"0") else -1)
        elif open_:
            if open_[-1] >= 0:
                ranges.append((open_[-1], match.start()))
            open_[-1] = -1
            if word == b"endif":
                open_.pop()
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(start for start, _ in merged), tuple(end for _, end in merged)


def _inside(ranges: tuple[tuple[int, ...], tuple[int, ...]], at: int) -> bool:
    starts, ends = ranges
    number = bisect_right(starts, at) - 1
    return number >= 0 and at < ends[number]
