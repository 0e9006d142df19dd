# SPDX-License-Identifier: GPL-2.0-only
"""The text under work, and the lexical helpers of the masking rules."""

from __future__ import annotations

import re
from functools import lru_cache

# A balanced argument list, seven levels deep.
PAREN = rb"\([^()]*+\)"
for _ in range(6):
    PAREN = rb"\((?:[^()]++|" + PAREN + rb")*\)"

_TOKEN = re.compile(
    rb"""(/\*.*?(?:\*/|\Z)|//[^\n]*+|"(?:[^"\\\n]++|\\.)*"|'(?:[^'\\\n]++|\\.)+'"""
    rb"""|\#[ \t]*+(?:define|include|undef|pragma|error|warning|line|ident)\b"""
    rb"""(?:[^\n\\/"]++|\\\r?\n|\\.|"(?:[^"\\\n]++|\\.)*"|"|/\*.*?\*/|/)*)""",
    re.DOTALL,
)
_COMMENT = re.compile(
    rb"""(/\*.*?(?:\*/|\Z)|//(?:\\\r?\n|[^\n])*+)|"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)++'""",
    re.DOTALL)
_DEFINE = re.compile(rb"#[ \t]*+define\b")
_KEEP = b"\n\r\t"
_BLANK = bytes(c if c in _KEEP else 0x20 for c in range(256))
_BLANK_COMMENT = bytes(c if c in b"\n\r\t\\" else 0x20 for c in range(256))
_QUOTES = bytes(c if c in _KEEP else 0x22 for c in range(256))
_SPACE = b" \t\r\n\f\v\\"
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_VISIBLE = re.compile(rb"[^\s\\]++")
_MARK = re.compile(rb"[/\"'#]")
_FILE = 2048
_BRACKET = re.compile(rb"[(){}]")


def code_of(source: bytes) -> bytes:
    """`source`, as long as before: comments and directives are spaces, literals are quotes only.

    Conditionals (#if to #endif) stay.
    """
    return _split(source)[0]


def without_comments(source: bytes) -> bytes:
    """`source`, as long as before, with spaces for comments."""
    return _COMMENT.sub(lambda match: match[0].translate(_BLANK_COMMENT) if match[1] else match[0],
                        source)


def blank(text: bytes) -> bytes:
    """As many spaces; line ends and tabs stay."""
    return text.translate(_BLANK)


def code_with_defines(source: bytes) -> bytes:
    """As `code_of`, but the bodies of macros are code too."""
    code, directives = _split(source)
    out = bytearray(code)
    for start, end in directives:
        if _DEFINE.match(source, start):
            # Without its `#` it is no directive.
            out[start:end] = source[start:start + 1] + _split(source[start + 1:end])[0]
    return bytes(out)


def _split(source: bytes) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    """What `code_of` says, and the ranges of the directives that are not conditionals."""
    if len(source) >= _FILE:
        return _split_file(source)
    # Most bodies of macros are one number.
    return _split_text(source) if _MARK.search(source) else (source, ())


@lru_cache(maxsize=64)
def _split_file(source: bytes) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    """A file is asked for by many, one after another."""
    return _split_text(source)


def forget() -> None:
    """Keep no text any more."""
    _split_file.cache_clear()


def _split_text(source: bytes) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    parts = _TOKEN.split(source)
    directives = []
    pos = 0
    for i in range(1, len(parts), 2):
        token = parts[i]
        start = pos + len(parts[i - 1])
        pos = start + len(token)
        kind = token[0]
        if kind == 0x2F:
            parts[i] = token.translate(_BLANK_COMMENT)
        elif kind == 0x23:
            parts[i] = token.translate(_BLANK)
            directives.append((start, pos))
        else:
            parts[i] = token.translate(_QUOTES)
    return b"".join(parts), tuple(directives)


class Text:
    """A file under work: `code` (see `code_of`) is what rules read, `out` what the parser sees.

    `directives` are the ranges of those directives that `code` does not show, `kept` those of the
    conditionals that the parser is to see.
    """

    __slots__ = ("code", "directives", "kept", "out", "source")

    def __init__(self, source: bytes) -> None:
        self.source = source
        code, self.directives = _split(source)
        self.kept: list[tuple[int, int]] = []
        self.code = bytearray(code)
        self.out = bytearray(source)

    def put(self, start: int, text: bytes) -> None:
        """Overwrite from `start`."""
        end = start + len(text)
        self.code[start:end] = text
        self.out[start:end] = text

    def blank(self, start: int, end: int) -> None:
        """Overwrite with spaces, comments too; line ends and tabs stay."""
        self.put(start, blank(self.source[start:end]))

    def blank_code(self, start: int, end: int) -> None:
        """As `blank`, but comments in between stay."""
        for m in _VISIBLE.finditer(bytes(self.code[start:end])):
            self.put(start + m.start(), b" " * (m.end() - m.start()))

    def hide(self, start: int, end: int) -> None:
        """Overwrite what the parser sees, not what rules see; continued lines stay continued."""
        self.out[start:end] = self.source[start:end].translate(_BLANK_COMMENT)


def is_word(c: int) -> bool:
    """Is this byte part of an identifier?"""
    return c in _WORD


def last(code: bytearray, end: int) -> int:
    """Offset of the last byte before `end` that is not white space, or -1."""
    end -= 1
    for _ in range(8):
        if end < 0 or code[end] not in _SPACE:
            return end
        end -= 1
    size = 128
    while end >= 0:
        start = max(end + 1 - size, 0)
        left = len(code[start : end + 1].rstrip(_SPACE))
        if left:
            return start + left - 1
        end = start - 1
        size *= 8
    return -1


def first(code: bytearray, start: int) -> int:
    """Offset of the first byte from `start` on that is not white space; len(code) at the end."""
    m = _VISIBLE.search(code, start)
    return m.start() if m else len(code)


def byte_at(code: bytearray, at: int) -> int:
    """The byte at an offset that may be one past the end (then 0)."""
    return code[at] if 0 <= at < len(code) else 0


def last_word(code: bytearray, end: int) -> bytes:
    """The identifier that ends just before `end` (white space skipped), or b""."""
    stop = last(code, end) + 1
    start = stop
    while start > 0 and code[start - 1] in _WORD:
        start -= 1
    return bytes(code[start:stop])


def opening(code: bytearray, pos: int) -> int:
    """Offset of the `(` that encloses `pos`, or -1; looks no farther than the statement."""
    depth = 0
    for i in range(pos - 1, max(pos - 4000, -1), -1):
        c = code[i]
        if c == 0x29:
            depth += 1
        elif c == 0x28:
            if not depth:
                return i
            depth -= 1
        elif c in b"{};" and not depth:
            return -1
    return -1


def closing(code: bytearray, at: int) -> int:
    """Offset of the bracket that closes the `(` or `{` at `at`, or -1."""
    depth = 0
    for m in _BRACKET.finditer(code, at):
        if m[0] in (b"(", b"{"):
            depth += 1
        else:
            depth -= 1
            if not depth:
                return m.start()
    return -1


def after_directive(code: bytearray, at: int) -> bool:
    """Is the byte at `at` on the line of a directive?"""
    line = code.rfind(b"\n", 0, at + 1) + 1
    return code[line : at + 1].lstrip().startswith(b"#")
